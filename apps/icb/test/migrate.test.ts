import { chownSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, ownedDirectory } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

const timeout = 240_000
const database = 'orcl'
let stage: Stage
let scripts: string
let config: string

beforeAll(async () => {
  stage = await createStage({ database })
  scripts = join(stage.directory, 'oracle-imagecopy-backup')
  config = join(scripts, 'backup.cfg')
  mkdirSync(scripts)
  writeFileSync(join(scripts, 'backup.py'), '# changed by somebody\n')
  writeFileSync(config, `[generic]
backupdest: ${join(stage.labDirectory, 'nfs', 'backup')}
tnsadmin: ${join(stage.labDirectory, 'tns')}
oraclehome: ${join(stage.labDirectory, 'hosts', 'prod', 'home')}
maxlockwait: 0
adapter: local
statedir: ${join(stage.directory, 'state-prod')}
[ledger]
path: ${join(stage.directory, 'ledger')}
shared: true
[${database}]
dbid: ${stage.dbid}
recoverywindow: 2
parallel: 2
snapexpirationdays: 31
`)
  const made = await stage.sqlplus('prod', `whenever sqlerror exit failure
conn /@${database} as sysdba
create user backupexec identified by "Backup#1exec" account lock;
begin
  dbms_scheduler.create_job(job_name => 'BACKUPEXEC.IMAGECOPY_JOB', job_type => 'EXECUTABLE', job_action => '/bin/true', start_date => systimestamp + interval '30' day, repeat_interval => 'FREQ=DAILY', enabled => true);
end;
/
exit
`)
  expect(`${made.stdout}${made.stderr}`).not.toMatch(/ORA-|SP2-/)
  await originalConfig()
  for (let run = 0; run < 2; run++) await originalRefresh()
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
})

/** What the original's `config` leaves in the database that matters here: a destination of archived logs in the area. */
async function originalConfig(): Promise<void> {
  const directory = ownedDirectory(join(stage.areaPath, 'archivelog'), stage.programs.user)
  const set = await stage.sqlplus('prod', `conn /@${database} as sysdba\nalter system set log_archive_dest_10 = 'LOCATION=${directory} OPTIONAL' scope=both;\nexit\n`)
  expect(`${set.stdout}${set.stderr}`).not.toMatch(/ORA-|SP2-/)
}

/** A refresh as the original makes it: its tag for everything, one control file that is overwritten, its own file for restore tests. */
async function originalRefresh(): Promise<void> {
  const { areaPath } = stage
  const result = await stage.rman('prod', `CONNECT TARGET /@${database}
RUN {
  ALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${areaPath}/%U';
  BACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'image_copy_backup' DATABASE;
  RECOVER COPY OF DATABASE WITH TAG 'image_copy_backup';
  DELETE NOPROMPT BACKUPSET TAG 'image_copy_backup';
  BACKUP SPFILE TAG 'image_copy_backup';
  BACKUP CURRENT CONTROLFILE FORMAT '${areaPath}/after_backup_controlfile.cf' REUSE TAG 'image_copy_backup';
}
EXIT;
`)
  expect(result.exitCode, result.stdout).toBe(0)
  await stage.sqlplus('prod', `conn /@${database} as sysdba\nalter system archive log current;\nexit\n`)
  writeFileSync(join(areaPath, 'autorestore.cfg'), '[dbparams]\ndb_name: ORCL\nundo_tablespace: UNDOTBS1\ncompatible: 19.0.0\ndb_block_size: 8192\ndb_files: 200\nbackup-finished: 2026-01-01 10:00:00\n')
  if (stage.programs.user !== undefined) chownSync(join(areaPath, 'autorestore.cfg'), stage.programs.user.uid, stage.programs.user.gid)
}

const icb = (...args: string[]): Promise<IcbDocument> => stage.icbJson('prod', args, { config })
const migrate = (...options: string[]): Promise<IcbDocument> => icb('migrate', scripts, ...options)
const lock = (): string => join(stage.areaPath, 'backup.lck')

it('the way out of the original: what differs, side by side, taken over, finished; each step can be repeated', async () => {
  const report = await migrate()
  expect(report).toMatchObject({
    ok: true, schema: 'icb/migrate/1',
    result: { installation: { edits: [{ file: 'backup.py', edit: 'changed' }] }, databases: [{ database, foreignSnapshots: 0, differences: [], jobs: [{ owner: 'BACKUPEXEC', name: 'IMAGECOPY_JOB', enabled: true }] }] },
  })
  // Before the beginning the original's lock means nothing here: a restored area has one, too.
  expect(await migrate('--take-over')).toMatchObject({ exitCode: 1, error: { code: 'ICB_MIGRATE_SIDE_BY_SIDE' } })
  for (let twice = 0; twice < 2; twice++) expect((await migrate('--begin')).ok).toBe(true)

  // The original at work: a file of its own, linked to the name.
  writeFileSync(join(stage.areaPath, 'tmp4711.lck'), 'prod 2026-01-01 10:00:00 4711')
  linkSync(join(stage.areaPath, 'tmp4711.lck'), lock())
  expect(await icb('backup', database)).toMatchObject({ exitCode: 4, error: { code: 'ICB_MIGRATE_ORIGINAL_BUSY' } })
  expect(await migrate('--take-over')).toMatchObject({ exitCode: 4, error: { code: 'ICB_MIGRATE_ORIGINAL_BUSY' } })
  expect(readFileSync(lock(), 'utf8')).toContain('4711')
  rmSync(lock())
  rmSync(join(stage.areaPath, 'tmp4711.lck'))

  // The copies that are there are merged into: nothing is copied in full again.
  const first = await icb('backup', database)
  expect(first).toMatchObject({ ok: true, result: { refresh: { created: [] } } })
  expect((first.result as { refresh: { merged: unknown[] } }).refresh.merged.length).toBeGreaterThan(3)
  expect(() => readFileSync(lock())).toThrow('ENOENT')
  expect((await icb('backup', database)).ok).toBe(true)
  const snapshots = (): Promise<readonly string[]> => icb('snapshot', 'list', database).then(({ result }) => (result as { snapshot: { name: string } }[]).map(({ snapshot }) => snapshot.name))
  const before = await snapshots()
  expect(before).toHaveLength(2)

  // Killed at any moment, a step loses nothing and is simply run again.
  for (const timeoutMs of [600, 1200, 2400]) await stage.icb('prod', ['migrate', scripts, '--take-over'], { config, timeoutMs })
  expect(await snapshots()).toEqual(before)

  const enabled = await stage.sqlplus('prod', `conn /@${database} as sysdba\nbegin dbms_scheduler.enable('BACKUPEXEC.IMAGECOPY_JOB'); end;\n/\nexit\n`)
  expect(`${enabled.stdout}${enabled.stderr}`).not.toMatch(/ORA-/)
  expect(await migrate('--finish')).toMatchObject({ exitCode: 3, error: { code: 'ICB_MIGRATE_REFUSED_UNFINISHED' } })
  for (let twice = 0; twice < 2; twice++) expect(await migrate('--take-over')).toMatchObject({ ok: true, result: { databases: [{ jobs: [{ enabled: false }] }] } })
  for (let twice = 0; twice < 2; twice++) expect((await migrate('--finish')).ok).toBe(true)
  expect((await migrate()).result).toMatchObject({ databases: [{ differences: [] }] })
  expect(await stage.icbJson('sandbox', ['restore-test', database])).toMatchObject({ ok: true, result: { restoreTests: [{ verdict: { outcome: 'passed', snapshot: before.at(-1) } }] } })
}, timeout)
