import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { flipBlock } from '../../src/cli/flip-block.ts'
import { pause } from '../../src/engine/mutex.ts'
import { setStorageFault } from '../../src/cli/fault/storage.ts'
import { type BackedUpLab, backedUpLab } from '../support/backed-up-lab.ts'
import { codesOf } from '../support/lab.ts'
import { codesIn } from '../support/rman.ts'

// Errors of instances, files and storage, each by the cause that has it at Oracle.

let lab: BackedUpLab
afterEach(async () => { await lab.remove() })

const copyFile4 = (format: string) => lab.rman(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${format}';\nBACKUP AS COPY DATAFILE 4;\n}\n`)
const users = () => lab.db.controlFile.datafiles.find((file) => file.tablespace === 'USERS')!
const mountWith = async (parameters: Record<string, string>): Promise<string[]> => {
  const files = lab.db.parameters.get('control_files')!.value
  await lab.db.shutdown('immediate')
  return codesOf(lab.lab.instanceWith(lab.lab.host, 'other', { db_name: 'orcl', control_files: files, ...parameters }).mount())
}
/** Waits until the archiver has met its fault. */
async function until(probe: () => boolean | Promise<boolean>): Promise<void> {
  const endless = new AbortController().signal
  for (let i = 0; i < 2000; i += 1) {
    if (await probe()) return
    await pause(5, endless)
  }
  throw new Error('it did not happen')
}

const cases: readonly (readonly [codes: string, cause: string, bring: () => Promise<readonly string[]>, options?: Parameters<typeof backedUpLab>[0]])[] = [
  ['ORA-00205', 'the control file is not there', () => mountWith({ control_files: '/u01/none.ctl' })],
  ['ORA-00205', 'the control file is in a disk group, and no ASM instance runs', () => mountWith({ control_files: '+DATA/orcl/control01.ctl' })],
  ['ORA-00201 ORA-00202', 'COMPATIBLE is lower than that of the control file', () => mountWith({ compatible: '11.2.0.0.0' })],
  ['ORA-01103', 'the control file is that of another database', () => mountWith({ db_name: 'other' })],
  ['ORA-01102', 'a running instance on the host has a database of the same unique name', async () => {
    const files = lab.db.parameters.get('control_files')!.value
    // Its lock names the process of that instance.
    await writeFile(path.join(lab.lab.host.home, 'dbs', 'lkORCL2'), `${String(process.ppid)}\n`)
    const { spawn } = await import('node:child_process')
    const pmon = spawn('sleep', ['60'], { argv0: 'ora_pmon_orcl2' })
    try {
      await until(() => pmon.pid !== undefined)
      await writeFile(path.join(lab.lab.host.home, 'dbs', 'lkORCL2'), `${String(pmon.pid)}\n`)
      return await codesOf(lab.lab.instanceWith(lab.lab.host, 'orcl2', { db_name: 'orcl', db_unique_name: 'orcl2', control_files: files }).mount())
    } finally {
      pmon.kill()
    }
  }],
  ['ORA-65093', 'the parameters say CDB, the control file does not', () => mountWith({ enable_pluggable_database: 'TRUE' })],
  ['ORA-65101', 'the control file is that of a CDB, the parameters do not say so', () => mountWith({ enable_pluggable_database: 'FALSE' }), { pdbs: ['pdb1'] }],
  ['ORA-38760', 'the control file wants flashback logs that are not on this host', async () => {
    await lab.sql('alter database flashback on')
    await lab.backup()
    const target = await lab.point()
    const { copy } = await lab.restored()
    await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(target + 1n)};\n`, copy)
    return codesOf(lab.sql('alter database open read only', copy))
  }],
  ['ORA-38760', 'a guaranteed restore point wants flashback logs, also when flashback is off', async () => {
    await lab.sql('create restore point keep_this guarantee flashback database')
    await lab.backup()
    const target = await lab.point()
    const { copy } = await lab.restored()
    await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(target + 1n)};\n`, copy)
    await lab.sql('alter database flashback off', copy)
    const codes = await codesOf(lab.sql('alter database open read only', copy))
    await lab.sql('drop restore point keep_this', copy)
    expect(await codesOf(lab.sql('alter database open read only', copy))).toEqual([])
    return codes
  }],
  ['ORA-01578 ORA-01110', 'a block of a table is damaged on disk', async () => {
    await lab.sql('create table broken (n number) tablespace users')
    await lab.db.insertRows('SYS', 'BROKEN', [[1]])
    const { name } = users()
    await lab.db.shutdown('immediate')
    // All blocks of tables, one after the other: damaged ones are no candidates any more.
    const flips = async (): Promise<unknown> => flipBlock(lab.lab.host.real(name), { seed: 1, labDir: undefined }).then(flips)
    await flips().catch(() => undefined)
    return codesOf(lab.sql('select * from broken', await lab.lab.open()))
  }],
  ['ORA-01578 ORA-01110 ORA-26040', 'a table was loaded with NOLOGGING after the backup', async () => {
    await lab.sql('create table bulk_load (n number) tablespace users nologging')
    await lab.backup()
    await lab.db.applyChanges([{ owner: 'SYS', name: 'BULK_LOAD', insert: [[1], [2]], direct: true }])
    const target = await lab.point()
    const { copy } = await lab.restored()
    await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(target + 1n)};\n`, copy)
    await copy.open({ mode: 'READ ONLY' })
    return codesOf(lab.sql('select * from bulk_load', copy))
  }],
  ['ORA-01157 ORA-01110', 'a datafile is gone at open', async () => {
    const { name } = users()
    await lab.db.shutdown('immediate')
    await rm(lab.lab.host.real(name))
    return codesOf(lab.lab.open())
  }],
  ['ORA-14694', 'MAX_STRING_SIZE is raised without an upgrade', async () => {
    await lab.db.setParameter('max_string_size', 'EXTENDED', 'spfile')
    await lab.db.shutdown('immediate')
    return codesOf(lab.lab.open())
  }],
  ['ORA-14693', 'a restored database had MAX_STRING_SIZE=EXTENDED, the parameters of the test do not', async () => {
    await lab.db.setParameter('max_string_size', 'EXTENDED', 'spfile')
    await lab.backup()
    await lab.db.shutdown('immediate')
    const again = await lab.lab.instance()
    await again.mount()
    await lab.sql('alter database open upgrade', again)
    await lab.rman(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK;\nBACKUP CURRENT CONTROLFILE FORMAT '${lab.area}/after.cf' REUSE;\n}\n`, again)
    const scn = again.currentScn
    await again.archiveLogCurrent()
    const { copy } = await lab.restored()
    const extended = await lab.restored({ parameters: { max_string_size: 'EXTENDED' } })
    for (const one of [copy, extended.copy]) await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(scn)};\n`, one)
    await extended.copy.open({ mode: 'READ ONLY' })
    return codesOf(lab.sql('alter database open read only', copy))
  }],
  ['ORA-16000', 'a row is changed in a database that is open read only', async () => {
    await lab.sql('create table still (n number)')
    await lab.db.shutdown('immediate')
    const again = await lab.lab.instance()
    await again.mount()
    await again.open({ mode: 'READ ONLY' })
    return codesOf(lab.sql('insert into still values (1)', again))
  }],
  ['ORA-01653', 'a table outgrows its tablespace', async () => {
    await lab.sql('create tablespace tiny datafile size 64k')
    await lab.sql('create table big (v varchar2(4000)) tablespace tiny')
    return codesOf(lab.db.insertRows('SYS', 'BIG', Array.from({ length: 40 }, () => ['x'.repeat(3000)])))
  }],
  ['ORA-27054', 'the backup area is mounted soft', async () => {
    await setStorageFault(lab.lab.dir, lab.area, { mountOptions: 'rw,bg,soft,rsize=32768,wsize=32768,vers=3' })
    return codesIn(await copyFile4(`${lab.area}/%U`))
  }],
  ['ORA-19504 ORA-17502 ORA-15001 ORA-15077', 'a copy is to go to a disk group, and no ASM instance runs', async () => codesIn(await copyFile4('+DATA'))],
  ['ORA-17503 ORA-15001 ORA-15077', 'a control file is to come from a disk group, and no ASM instance runs', async () => {
    await lab.backup()
    const files = lab.db.parameters.get('control_files')!.value
    await lab.db.shutdown('immediate')
    return codesIn(await lab.rman("RESTORE CONTROLFILE FROM '+FRA/orcl/after.cf';\n", lab.lab.instanceWith(lab.lab.host, 'other', { db_name: 'orcl', control_files: files })))
  }],
  ['ORA-19504 ORA-27040', 'the directory of the copies is gone', async () => codesIn(await copyFile4(`${lab.area}/gone/%U`))],
  ['ORA-19502 ORA-27072', 'the backup area is full', async () => {
    await setStorageFault(lab.lab.dir, lab.area, { capacity: 300_000 })
    const output = await copyFile4(`${lab.area}/%U`)
    expect(output).toContain('Linux-x86_64 Error: 28: No space left on device')
    return codesIn(output)
  }],
  ['ORA-19505 ORA-27037', 'an image copy that is to be recovered is gone', async () => {
    await lab.backup()
    await lab.work(5)
    const copy = lab.db.controlFile.datafileCopies.find((c) => c.file === 4)
    await lab.rman(`RUN {\nALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${lab.area}/%U';\nBACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'copies' DATABASE TAG 'incr';\n}\n`)
    await rm(copy?.name ?? '')
    return codesIn(await lab.rman("RECOVER COPY OF DATABASE WITH TAG 'copies';\n"))
  }],
  ['RMAN-06059 ORA-19625 ORA-27037', 'an archived log that is to be copied is gone from disk', async () => {
    await lab.db.setParameter('log_archive_dest_state_2', 'defer', 'memory')
    await lab.point()
    const log = lab.db.controlFile.archivedLogs.at(-1)
    await rm(lab.lab.host.real(log?.name ?? ''))
    return codesIn(await lab.rman(`BACKUP AS COPY ARCHIVELOG SEQUENCE ${String(log?.sequence)} THREAD 1 FORMAT '${lab.area}/archivelog/%U';\n`))
  }],
  ['ORA-00257', 'the recovery area is full, so no log can be archived and no group reused', async () => {
    await lab.db.setParameter('db_recovery_file_dest_size', '4K', 'memory')
    const stop = new AbortController()
    const writing = (async () => {
      while (!stop.signal.aborted) {
        await lab.work(1)
        await lab.db.switchLogfile()
      }
    })().catch(() => undefined)
    try {
      await until(async () => (await lab.sql("select error from v$archive_dest where dest_id = 1"))[0]?.[0]?.startsWith('ORA-19809') === true && (await codesOf(Promise.resolve().then(() => lab.db.logon('SCOTT', 'test')))).length > 0)
      // An administrator comes in and frees space.
      lab.db.logon('SYS', 'test')
      const codes = await codesOf(Promise.resolve().then(() => lab.db.logon('SCOTT', 'test')))
      await lab.db.setParameter('db_recovery_file_dest_size', '4G', 'memory')
      await until(async () => (await codesOf(Promise.resolve().then(() => lab.db.logon('SCOTT', 'test')))).length === 0)
      return codes
    } finally {
      stop.abort()
      await writing
    }
  }],
]

describe('files and instances that fail', () => {
  it.each(cases.map(([codes, cause, bring, options]) => [codes, cause, { bring, options }] as const))('%s: %s', async (codes, _cause, { bring, options }) => {
    lab = await backedUpLab(options)
    await mkdir(lab.area, { recursive: true })
    expect((await bring()).join(' ')).toContain(codes)
  }, 60_000)
})
