import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { destroyLab, startDatabases, withDatabase, withInstance } from '../src/cli/control.ts'
import { flipBlock } from '../src/cli/flip-block.ts'
import { initLab } from '../src/cli/init.ts'
import type { SqlResult } from '../src/engine/protocol.ts'

let dir: string
let area: string
const tag = 'image_copy_backup'

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'lab-rman-live-'))
  await initLab(dir, { database: 'orcl', release: '12.1.0.2.0', edition: 'EE', timeZone: 'Europe/Stockholm', archiveDelayMs: 0, fsync: false, smonIntervalMs: 60_000, sizes: { system: 2, sysaux: 1, undo: 1, users: 4, redo: 1 } })
  area = path.join(dir, 'nfs', 'backup', 'orcl')
  await mkdir(path.join(area, 'archivelog'), { recursive: true })
  await startDatabases(dir, undefined)
}, 60_000)

afterAll(async () => {
  await destroyLab(dir)
})

interface Run {
  readonly code: number | null
  readonly output: string
}

function start(host: string, script: string, sid?: string, args: readonly string[] = []): { readonly child: ChildProcess; readonly result: Promise<Run> } {
  const child = spawn(path.join(dir, 'hosts', host, 'home', 'bin', 'rman'), args, {
    env: { PATH: '/usr/bin:/bin', TNS_ADMIN: path.join(dir, 'tns'), NLS_DATE_FORMAT: 'yyyy-mm-dd hh24:mi:ss', ...(sid === undefined ? {} : { ORACLE_SID: sid }) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stdin.on('error', () => undefined).end(script)
  return {
    child,
    result: new Promise((resolve) => {
      child.once('close', (code) => {
        resolve({ code, output })
      })
    }),
  }
}

const rman = async (script: string): Promise<Run> => start('prod', `SET ECHO ON;\nCONNECT TARGET /@orcl;\n${script}EXIT;\n`).result
const sandbox = async (script: string): Promise<Run> => start('sandbox', `SET ECHO ON;\nCONNECT TARGET /;\n${script}EXIT;\n`, 'ICB01').result

async function sql(text: string): Promise<readonly (readonly (string | null)[])[]> {
  const result = (await withDatabase(dir, 'orcl', (connection) => connection.call({ kind: 'sql', text }))) as SqlResult
  return result.rows ?? []
}

async function onSandbox(text: string): Promise<readonly (readonly (string | null)[])[]> {
  const result = (await withInstance(dir, 'sandbox', 'ICB01', (connection) => connection.call({ kind: 'sql', text }))) as SqlResult
  return result.rows ?? []
}

const workload = async (transactions: number): Promise<bigint> => {
  const result = await withDatabase(dir, 'orcl', (connection) => connection.call({ kind: 'lab', action: 'workload', args: { transactions } }))
  return BigInt((result as { lastScn: string }).lastScn)
}

const refresh = (): string => `RUN {
ALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${area}/%U';
ALLOCATE CHANNEL c2 DEVICE TYPE DISK FORMAT '${area}/%U';
BACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG '${tag}' DATABASE TAG 'image_copy_incr';
RECOVER COPY OF DATABASE WITH TAG '${tag}';
}
`

/** Polls until `check` holds; a deadline ends it. */
async function eventually(check: () => Promise<boolean>, deadlineMs = 20_000): Promise<void> {
  const end = Date.now() + deadlineMs
  while (!(await check())) {
    if (Date.now() > end) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('bin/rman on a running instance', () => {
  it('reads a command file, writes a log and appends to it', async () => {
    const script = path.join(dir, 'show.rman')
    const log = path.join(dir, 'show.log')
    await writeFile(script, 'connect target /@orcl\nshow backup optimization;\n')
    await writeFile(log, 'kept\n')
    const { code, output } = await start('prod', '', undefined, [`cmdfile=${script}`, `log=${log}`, 'append']).result
    expect(code).toBe(0)
    expect(output).not.toContain('CONFIGURE')
    expect(await readFile(log, 'utf8')).toMatch(/^kept\n[^]*CONFIGURE BACKUP OPTIMIZATION OFF; # default/)
    const wrong = await start('prod', '', undefined, ['target', '/', 'nonsense']).result
    expect(wrong.code).toBe(1)
    expect(wrong.output).toContain('RMAN-00552: syntax error in command line arguments')
  })

  it('connects by wallet or ORACLE_SID and says what it found', async () => {
    const [remote, idle, unknown, password] = await Promise.all([
      start('sandbox', 'connect target "/@orcl as sysbackup"\nexit\n').result,
      start('sandbox', 'connect target /\nshow all;\n', 'NOTHING').result,
      start('prod', 'connect target /@nowhere\n').result,
      start('prod', 'set echo on;\nconnect target sys/very_secret@orcl\n').result,
    ])
    expect(remote.output).toMatch(/connected to target database: ORCL \(DBID=\d+\)/)
    expect(idle.output).toContain('connected to target database (not started)')
    expect(idle.output).toContain('ORA-01034: ORACLE not available')
    expect(unknown).toMatchObject({ code: 1 })
    expect(unknown.output).toContain('ORA-12154')
    expect(password.output).toContain('ORA-01017')
    expect(password.output).not.toContain('very_secret')
  })

  it('makes image copies, then merges increments into them', async () => {
    await sql(`alter system set log_archive_dest_1='LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY' scope=both`)
    await sql(`alter system set log_archive_dest_2='LOCATION=${area}/archivelog/' scope=both`)
    await workload(50)
    const first = await rman(refresh())
    expect(first).toMatchObject({ code: 0 })
    expect(first.output.match(/no parent backup or copy of datafile/g)).toHaveLength(4)
    await workload(50)
    const second = await rman(refresh())
    expect(second).toMatchObject({ code: 0 })
    expect(second.output.match(/^recovering datafile copy file number=/gm)).toHaveLength(4)
    const copies = await sql(`select file#, checkpoint_change#, status from v$datafile_copy where tag = 'IMAGE_COPY_BACKUP' and deleted = 'NO' order by 1`)
    expect(copies).toHaveLength(4)
    expect((await readdir(area)).filter((name) => name.startsWith('data_D-ORCL'))).toHaveLength(4)
    const deleted = await rman(`DELETE NOPROMPT BACKUPSET TAG 'image_copy_incr';\n`)
    expect(deleted).toMatchObject({ code: 0 })
    expect((await readdir(area)).filter((name) => name.endsWith('_1_1'))).toEqual([])
  }, 60_000)

  it('goes on to the end of the command when its client is killed, and shows its sessions meanwhile', async () => {
    await workload(100)
    const running = start('prod', `CONNECT TARGET /@orcl;\nSET COMMAND ID TO 'kill-me';\nRUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${area}/%U';\nBACKUP AS COPY DATABASE TAG 'survivor';\nBACKUP AS COPY DATABASE TAG 'next';\n}\n`)
    await eventually(async () => (await sql(`select client_info from v$session where client_info = 'id=kill-me,rman channel=c1'`)).length > 0)
    await eventually(async () => (await readdir(area)).filter((name) => name.startsWith('data_D-ORCL')).length > 4)
    running.child.kill('SIGKILL')
    await running.result
    await eventually(async () => (await sql(`select 1 from v$session where client_info like 'id=kill-me%'`)).length === 0)
    expect(await sql(`select file# from v$datafile_copy where tag = 'SURVIVOR'`)).toHaveLength(4)
    // The next command begins only if its client was still there to ask for it, and then it is whole, too.
    expect([0, 4]).toContain((await sql(`select file# from v$datafile_copy where tag = 'NEXT'`)).length)
    await rman(`DELETE NOPROMPT DATAFILECOPY TAG 'survivor';\n`)
  }, 60_000)

  it('brings a copy to life on another host, up to an SCN', async () => {
    const metadata = await rman(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${area}/%U';\nBACKUP SPFILE TAG '${tag}';\nBACKUP CURRENT CONTROLFILE FORMAT '${area}/control.cf' TAG '${tag}';\n}\n`)
    expect(metadata).toMatchObject({ code: 0 })
    const target = await workload(40)
    await sql('alter system archive log current')
    await workload(20)
    await sql('alter system archive log current')
    const scratch = path.join(dir, 'scratch')
    await mkdir(scratch)
    await writeFile(
      path.join(scratch, 'init.ora'),
      `*.db_name='orcl'\n*.db_unique_name='icb01'\n*.compatible='12.1.0.2.0'\n*.control_files='${scratch}/restore.cf'\n*.db_create_file_dest='${scratch}'\n*.diagnostic_dest='${scratch}'\n*.undo_tablespace='UNDOTBS1'\n`,
    )
    const mounted = await sandbox(`STARTUP NOMOUNT PFILE='${scratch}/init.ora';\nRUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK;\nRESTORE CONTROLFILE FROM '${area}/control.cf';\n}\nALTER DATABASE MOUNT;\n`)
    expect(mounted.output).toContain('connected to target database (not started)')
    expect(mounted.output).toContain('Statement processed')
    expect(mounted).toMatchObject({ code: 0 })
    const cataloged = await sandbox(
      `CHANGE ARCHIVELOG ALL UNCATALOG;\nCHANGE BACKUP DEVICE TYPE DISK UNAVAILABLE;\nCHANGE COPY OF DATABASE UNCATALOG;\nCATALOG START WITH '${area}/archivelog/' NOPROMPT;\nCATALOG START WITH '${area}/data_' NOPROMPT;\nSWITCH DATABASE TO COPY;\n`,
    )
    expect(cataloged).toMatchObject({ code: 0 })
    expect(cataloged.output.match(/switched to datafile copy/g)).toHaveLength(4)
    const before = BigInt((await onSandbox('select min(checkpoint_change#) from v$datafile_header'))[0]?.[0] ?? 0) - 1n
    const tooOld = await sandbox(`RECOVER DATABASE UNTIL SCN ${before.toString()};\nRECOVER DATABASE UNTIL SCN 5;\n`)
    expect(tooOld.code).toBe(1)
    expect(tooOld.output).toMatch(new RegExp(`RMAN-06556: datafile 1 must be restored from backup older than SCN ${before.toString()}$`, 'm'))
    expect(tooOld.output).toContain('RMAN-20208: UNTIL CHANGE is before RESETLOGS change')
    const recovered = await sandbox(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK;\nSET NEWNAME FOR DATABASE TO NEW;\nSET UNTIL SCN ${(target + 1n).toString()};\nRECOVER DATABASE;\n}\n`)
    expect(recovered.output).toContain('media recovery complete, elapsed time: ')
    expect(recovered).toMatchObject({ code: 0 })
    const headers = await onSandbox('select distinct checkpoint_change# from v$datafile_header')
    expect([target.toString(), (target + 1n).toString()]).toContain(headers[0]?.[0])
    const validated = await sandbox('ALTER DATABASE OPEN READ ONLY;\nBACKUP VALIDATE CHECK LOGICAL DATABASE;\n')
    expect(validated).toMatchObject({ code: 0 })
    expect(validated.output.match(/^\d+ +OK +0 /gm)).toHaveLength(4)
    // One byte of a data block: the command itself still succeeds.
    const name = (await onSandbox('select name from v$datafile where file# = 4'))[0]?.[0] ?? ''
    const { block } = await flipBlock(name, { seed: 3, labDir: undefined })
    const damaged = await sandbox('BACKUP VALIDATE CHECK LOGICAL DATABASE;\n')
    expect(damaged).toMatchObject({ code: 0 })
    expect(damaged.output).toMatch(/^4 +FAILED 0 /m)
    expect(damaged.output).toContain('validate found one or more corrupt blocks')
    expect(await onSandbox('select file#, block#, blocks, corruption_type from v$database_block_corruption')).toEqual([['4', String(block), '1', 'CHECKSUM']])
    const down = await sandbox('SHUTDOWN ABORT;\n')
    expect(down.output).toContain('Oracle instance shut down')
  }, 60_000)
})
