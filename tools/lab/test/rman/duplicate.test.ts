import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { destroyLab, startDatabases, withDatabase } from '../../src/cli/control.ts'
import { initLab, sysPasswordFile } from '../../src/cli/init.ts'
import { openHost } from '../../src/host/host.ts'
import { spawnInstance } from '../../src/server/spawn.ts'
import { codesIn } from '../support/rman.ts'

// DUPLICATE out of backups that both hosts reach, with the programs of the homes: instances are started anew on the way.

let dir: string
let password: string
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'lab-duplicate-'))
  await initLab(dir, { database: 'orcl', release: '19.3.0.0.0', edition: 'EE', timeZone: 'UTC', archiveDelayMs: 0, fsync: false, smonIntervalMs: 60_000, sizes: { system: 1, sysaux: 1, undo: 1, users: 2, redo: 0.25 } })
  password = (await readFile(sysPasswordFile(dir), 'utf8')).trim()
  await mkdir(`${dir}/nfs/backup/orcl`, { recursive: true })
  await startDatabases(dir, undefined)
  await onOrcl(`alter system set log_archive_dest_2 = 'LOCATION=${dir}/nfs/backup/orcl/'`, 'create table t (n number) tablespace users', 'insert into t values (1)', 'commit')
}, 60_000)
afterAll(async () => { await destroyLab(dir) })

async function onOrcl(...statements: readonly string[]): Promise<readonly (readonly (string | null)[])[]> {
  return withDatabase(dir, 'orcl', async (connection) => {
    let rows: readonly (readonly (string | null)[])[] = []
    for (const text of statements) rows = ((await connection.call({ kind: 'sql', text })) as { rows?: typeof rows }).rows ?? []
    return rows
  })
}

function program(host: 'prod' | 'sandbox', name: 'rman' | 'sqlplus', args: readonly string[], script: string, sid = 'dup'): Promise<string> {
  const child = spawn(path.join(dir, 'hosts', host, 'home', 'bin', name), args, { env: { PATH: '/usr/bin:/bin', TNS_ADMIN: path.join(dir, 'tns'), ORACLE_SID: sid, NLS_DATE_FORMAT: 'yyyy-mm-dd hh24:mi:ss' }, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.stdin.on('error', () => undefined).end(script)
  return new Promise((resolve) => child.once('close', () => { resolve(output) }))
}

const duplicate = (host: 'prod' | 'sandbox', script: string, args: readonly string[] = ['auxiliary', '/']): Promise<string> => program(host, 'rman', ['target', `sys/${password}@orcl`, ...args], script)
const prodRman = (script: string): Promise<string> => program('prod', 'rman', ['target', '/'], script, 'orcl')

/** An instance in NOMOUNT that is to become a duplicate. */
async function auxiliary(hostName: 'prod' | 'sandbox', sid: string, parameters: Readonly<Record<string, string>> = {}): Promise<void> {
  const host = openHost(dir, hostName)
  const settings = { db_name: 'dup', control_files: `/u01/${sid}/control.ctl`, diagnostic_dest: '/u01/app/oracle', undo_tablespace: 'UNDOTBS1', log_archive_dest_1: `LOCATION=/u01/${sid}/`, ...parameters }
  await mkdir(host.real(`/u01/${sid}`), { recursive: true })
  await writeFile(path.join(host.home, 'dbs', `init${sid}.ora`), Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`).join(''))
  await spawnInstance(host, sid)
}

const backup = `BACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE;\nBACKUP CURRENT CONTROLFILE TAG 'copies';\n`
const area = (): string => `CONFIGURE CHANNEL DEVICE TYPE DISK FORMAT '${dir}/nfs/backup/orcl/%U';\n`

describe('DUPLICATE', () => {
  it('has no end to recover to where no log of the incarnation was archived, and one as soon as there is one', async () => {
    await prodRman(`${area()}${backup}`)
    const [[target] = []] = await onOrcl('select current_scn from v$database')
    await onOrcl('alter system archive log current')
    // Everything that was archived belongs to the redo before RESETLOGS.
    expect(codesIn(await prodRman(`SHUTDOWN IMMEDIATE;
STARTUP MOUNT;
RUN {
SET UNTIL SCN ${target ?? ''};
RESTORE DATABASE;
RECOVER DATABASE;
}
ALTER DATABASE OPEN RESETLOGS;
`))).toEqual([])
    await auxiliary('sandbox', 'dup', { db_create_file_dest: '/u01/dup', db_32k_cache_size: '1M' })
    const before = await onOrcl('select dbid, name, resetlogs_change# from v$database')
    expect(codesIn(await duplicate('sandbox', 'DUPLICATE TARGET DATABASE TO dup;\n'))).toEqual(['RMAN-05501', 'RMAN-05541'])
    await onOrcl('insert into t values (2)', 'commit', 'alter system archive log current')
    await prodRman(backup)
    // In a file that neither copies nor control file know yet.
    await onOrcl('create tablespace late datafile size 1M', 'create table u (n number) tablespace late', 'insert into u values (3)', 'commit', 'alter system archive log current')
    const [[end] = []] = await onOrcl('select max(next_change#) from v$archived_log')
    await onOrcl('insert into t values (4)', 'commit')
    const output = await duplicate('sandbox', 'RUN {\nALLOCATE AUXILIARY CHANNEL a1 DEVICE TYPE DISK;\nDUPLICATE TARGET DATABASE TO dup;\n}\n')
    expect(codesIn(output)).toEqual([])
    expect(output).toMatch(/connected to auxiliary database: DUP \(not mounted\)[^]*Starting Duplicate Db[^]*channel a1: restoring datafile 00001[^]*media recovery complete[^]*sql statement: CREATE CONTROLFILE REUSE SET DATABASE "DUP" RESETLOGS ARCHIVELOG[^]*database opened\nFinished Duplicate Db/)
    const rows = await program('sandbox', 'sqlplus', ['-S', '/', 'as', 'sysdba'], `set heading off feedback off pages 0\nselect n from t order by 1;\nselect n from u;\nselect name || ' ' || open_mode from v$database;\nselect 'dbid ' || dbid from v$database;\nselect 'end ' || (resetlogs_change# - ${end ?? ''}) from v$database;\nselect name from v$tempfile;\ninsert into t values (9);\ncommit;\nalter system archive log current;\n`)
    expect(rows.match(/\S.*/g)?.map((line) => line.trim())).toEqual(['1', '2', '3', 'DUP READ WRITE', expect.stringMatching(/^dbid \d+$/), expect.stringMatching(/^end \d$/), expect.stringContaining('/u01/dup/DUP/datafile/o1_mf_temp_')])
    expect(rows).not.toContain(before[0]?.[0] ?? '?')
    // The target is what it was.
    expect(await onOrcl('select dbid, name, resetlogs_change# from v$database')).toEqual(before)
    expect(await onOrcl('select count(*) from t')).toEqual([['3']])
    expect(await prodRman('LIST INCARNATION;\nEXIT\n')).not.toContain('DUP')
  }, 120_000)

  it('on the host of the target wants other names for its files', async () => {
    await auxiliary('prod', 'dup')
    await onOrcl('create tablespace gone datafile size 1M', 'create table v (n number) tablespace gone', 'insert into v values (5)', 'commit')
    await prodRman(backup)
    const [[before] = []] = await onOrcl('select current_scn from v$database')
    await onOrcl('alter system archive log current', 'drop tablespace gone including contents and datafiles', 'alter system archive log current')
    const clash = await duplicate('prod', 'DUPLICATE TARGET DATABASE TO dup;\n')
    expect(codesIn(clash)).toEqual(['RMAN-05501', ...Array.from({ length: 6 + 1 + 3 }, () => 'RMAN-05001')])
    const output = await duplicate('prod', `DUPLICATE DATABASE TO dup UNTIL SCN ${before ?? ''} DB_FILE_NAME_CONVERT ('/oradata/ORCL/datafile/', '/dup-') LOGFILE GROUP 1 ('/u01/dup/log1.log') SIZE 256K, GROUP 2 ('/u01/dup/log2.log') SIZE 256K REUSE;\n`)
    expect(codesIn(output)).toEqual([])
    expect((await readdir(openHost(dir, 'prod').real('/u01/dup'))).filter((name) => name.endsWith('.log'))).toEqual(['log1.log', 'log2.log'])
    expect(await program('prod', 'sqlplus', ['-S', '/', 'as', 'sysdba'], 'set heading off feedback off pages 0\nselect count(*) from t;\nselect n from v;\n')).toMatch(/^\s*3\s+5\s*$/)
  }, 120_000)

  it('is refused without an auxiliary instance, for another database than that is to become, and when it is mounted', async () => {
    expect(codesIn(await duplicate('prod', 'DUPLICATE TARGET DATABASE TO dup;\n', []))).toEqual(['RMAN-06174'])
    await auxiliary('prod', 'other')
    const other = (script: string): Promise<string> => program('prod', 'rman', ['target', `sys/${password}@orcl`, 'auxiliary', '/'], script, 'other')
    expect(codesIn(await other('DUPLICATE TARGET DATABASE TO another;\n'))).toEqual(['RMAN-05501', 'RMAN-05520'])
    expect(codesIn(await program('prod', 'rman', ['target', `sys/${password}@orcl`, 'auxiliary', '/'], 'DUPLICATE TARGET DATABASE TO orcl;\n', 'orcl'))).toEqual(['RMAN-05501', 'RMAN-05500'])
    expect(codesIn(await other("DUPLICATE TARGET DATABASE TO dup UNTIL TIME \"to_date('2001-01-01', 'yyyy-mm-dd')\" NOFILENAMECHECK;\n"))).toEqual(['RMAN-05501', 'RMAN-20207'])
    expect(codesIn(await other('DUPLICATE TARGET DATABASE TO dup UNTIL SCN 99999999 NOFILENAMECHECK FROM ACTIVE DATABASE;\n'))).toContain('RMAN-01009')
  }, 60_000)
})
