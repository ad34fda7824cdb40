import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage } from '@icb/testing'
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
  for (let run = 0; run < 2; run++) expect((await stage.icb('prod', ['backup', database], { config })).exitCode).toBe(0)
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
})

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

  const snapshots = (): Promise<number> => icb('snapshot', 'list', database).then(({ result }) => (result as unknown[]).length)
  const before = await snapshots()
  expect((await icb('backup', database)).ok).toBe(true)
  expect(() => readFileSync(lock())).toThrow('ENOENT')
  expect(await snapshots()).toBe(before + 1)

  expect(await migrate('--finish')).toMatchObject({ exitCode: 3, error: { code: 'ICB_MIGRATE_REFUSED_UNFINISHED' } })
  for (let twice = 0; twice < 2; twice++) expect(await migrate('--take-over')).toMatchObject({ ok: true, result: { databases: [{ jobs: [{ enabled: false }] }] } })
  for (let twice = 0; twice < 2; twice++) expect((await migrate('--finish')).ok).toBe(true)
  expect((await migrate()).result).toMatchObject({ databases: [{ differences: [] }] })
  expect((await icb('backup', database)).ok).toBe(true)
}, timeout)
