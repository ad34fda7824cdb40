import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createStage, networkHostsLack, ownedDirectory, zfssaStage } from '@icb/testing'
import type { IcbDocument, Stage, ZfssaStageStorage } from '@icb/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

const full = process.env['ICB_PROOF_MIGRATE'] === 'full'
const timeout = full ? 3_600_000 : 360_000
const database = 'orcl'
/** A step is killed before every change that it makes to the world, or before every few. */
const stride = full ? 1 : 13
/** Where hosts with mounts of their own can be had, the installation is one for a ZFS Storage Appliance, as the original knows it. */
const onArray = networkHostsLack() === undefined
const seedSnapshot = `${database}-20260301T021000`
const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name)
let stage: Stage
let scripts: string
let config: string
let work: string

beforeAll(async () => {
  stage = await createStage({ database, ...(onArray ? { storage: zfssaStage({ engine: 'directory', server: '127.0.0.1' }) } : {}) })
  scripts = join(stage.directory, 'oracle-imagecopy-backup')
  config = join(scripts, 'backup.cfg')
  work = ownedDirectory(join(stage.directory, 'original-at-work'), stage.programs.user)
  for (const directory of [scripts, join(stage.directory, 'bin')]) mkdirSync(directory)
  writeFileSync(join(scripts, 'backup.py'), '# changed by somebody\n')
  const { generic, sections } = storageSections()
  writeFileSync(config, `[generic]
backupdest: ${join(stage.areaPath, '..')}
tnsadmin: ${join(stage.labDirectory, 'tns')}
oraclehome: ${join(stage.labDirectory, 'hosts', 'prod', 'home')}
maxlockwait: 0
${generic}
statedir: ${join(stage.directory, 'state-prod')}
${sections}[ledger]
path: ${join(stage.directory, 'ledger')}
shared: true
[${database}]
dbid: ${stage.dbid}
recoverywindow: 2
parallel: 2
snapexpirationdays: 31
`)
  cron(`10 2 * * * ${scripts}/backup.py ${database} imagecopywithsnap\n0 3 * * * ${scripts}/report.py\n`)
  await makeJob()
  await originalConfig()
  for (let run = 0; run < 2; run++) await originalRefresh()
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
})

/** The sections of the original's configuration that are about its storage, and its credentials file. */
function storageSections(): { readonly generic: string; readonly sections: string } {
  if (!onArray) return { generic: 'adapter: local', sections: '' }
  const { appliance, config: options } = stage.storage as ZfssaStageStorage
  const credentials = join(scripts, 'zfscredentials.cfg')
  writeFileSync(credentials, `[zfscredentials]\nzfsuser: icb\nzfspassword: ${arrayPassword()}\n`, { mode: 0o600 })
  if (stage.programs.user !== undefined) chownSync(credentials, stage.programs.user.uid, stage.programs.user.gid)
  return { generic: 'snappermodule: zfssa\nsnapperclass: ZFSSA', sections: `[zfssa]\nurl: ${appliance.urls[0] ?? ''}\npool: ${appliance.pool}\nproject: ${String(options['project'])}\nca: ${String(options['ca'])}\n` }
}

function arrayPassword(): string {
  const { password } = (stage.storage as ZfssaStageStorage).config['credentials'] as { password: { file: string } }
  return readFileSync(password.file, 'utf8').trim()
}

/** How the original takes a snapshot: a call of the array; without one, a directory beside the others, as an administrator would. */
function snapshotCommand(): { readonly file: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  if (!onArray) return { file: '/bin/sh', args: ['-c', `mkdir -p ${join(stage.areaPath, '..', '.icb-snapshots', database, 'snapshots', seedSnapshot)} && echo ${seedSnapshot}`], env: { PATH: '/usr/bin:/bin' } }
  const { appliance, config: options } = stage.storage as ZfssaStageStorage
  const url = `${appliance.urls[0] ?? ''}/api/storage/v1/pools/${appliance.pool}/projects/${String(options['project'])}/filesystems/${database}/snapshots`
  const code = `fetch(${JSON.stringify(url)}, { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Basic ' + Buffer.from('icb:' + process.env.ZFS_PASSWORD).toString('base64') }, body: JSON.stringify({ name: '${seedSnapshot}' }) })
    .then(async (answer) => { if (answer.status !== 201) throw new Error(String(answer.status) + await answer.text()); console.log('${seedSnapshot}') })`
  return { file: stage.programs.node, args: ['-e', code], env: { PATH: '/usr/bin:/bin', NODE_EXTRA_CA_CERTS: String(options['ca']), ZFS_PASSWORD: arrayPassword() } }
}

/** What `crontab -l` of the user says. */
function cron(table: string): void {
  writeFileSync(join(stage.directory, 'bin', 'crontab'), `#!/bin/sh\ncat <<'TABLE'\n${table}TABLE\n`, { mode: 0o755 })
}

/** The original's job of image copies. What it starts stands for `backup.py orcl imagecopywithsnap`. */
async function makeJob(): Promise<void> {
  const action = join(scripts, 'imagecopy.sh')
  writeFileSync(action, `#!/bin/sh\nexec ${stage.programs.node} ${fixture('original-at-work.mjs')} ${join(work, 'run.json')}\n`, { mode: 0o755 })
  const oracleHome = join(stage.labDirectory, 'hosts', 'prod', 'home')
  const rman = { file: join(oracleHome, 'bin', 'rman'), script: refreshScript(), env: { ...stage.env, ORACLE_HOME: oracleHome, TNS_ADMIN: join(stage.labDirectory, 'tns') } }
  writeFileSync(join(work, 'run.json'), JSON.stringify({ area: stage.areaPath, log: join(work, 'log'), go: join(work, 'go'), snapshot: snapshotCommand(), rman }))
  await sql(`create user backupexec identified by "Backup#1exec" account lock;
begin
  dbms_scheduler.create_job(job_name => 'BACKUPEXEC.IMAGECOPY_JOB', job_type => 'EXECUTABLE', job_action => '${action}', start_date => systimestamp + interval '30' day, repeat_interval => 'FREQ=DAILY', enabled => true);
end;
/`)
}

async function sql(statements: string): Promise<void> {
  const result = await stage.sqlplus('prod', `conn /@${database} as sysdba\n${statements}\nexit\n`)
  expect(`${result.stdout}${result.stderr}`).not.toMatch(/ORA-|SP2-/)
}

/** What the original's `config` leaves in the database that matters here: a destination of archived logs in the area. */
async function originalConfig(): Promise<void> {
  ownedDirectory(join(stage.areaView, 'archivelog'), stage.programs.user)
  await sql(`alter system set log_archive_dest_10 = 'LOCATION=${join(stage.areaPath, 'archivelog')} OPTIONAL' scope=both;`)
}

/** A refresh as the original makes it: its tag for everything, one control file that is overwritten. */
const refreshScript = (): string => `CONNECT TARGET /@${database}
RUN {
  ALLOCATE CHANNEL c1 DEVICE TYPE DISK FORMAT '${stage.areaPath}/%U';
  BACKUP INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG 'image_copy_backup' DATABASE;
  RECOVER COPY OF DATABASE WITH TAG 'image_copy_backup';
  DELETE NOPROMPT BACKUPSET TAG 'image_copy_backup';
  BACKUP SPFILE TAG 'image_copy_backup';
  BACKUP CURRENT CONTROLFILE FORMAT '${stage.areaPath}/after_backup_controlfile.cf' REUSE TAG 'image_copy_backup';
}
EXIT;
`

/** The refresh, and the original's own file for restore tests. */
async function originalRefresh(): Promise<void> {
  const result = await stage.rman('prod', refreshScript())
  expect(result.exitCode, result.stdout).toBe(0)
  await sql('alter system archive log current;')
  const file = join(stage.areaView, 'autorestore.cfg')
  writeFileSync(file, '[dbparams]\ndb_name: ORCL\nundo_tablespace: UNDOTBS1\ncompatible: 19.0.0\ndb_block_size: 8192\ndb_files: 200\nbackup-finished: 2026-01-01 10:00:00\n')
  if (stage.programs.user !== undefined) chownSync(file, stage.programs.user.uid, stage.programs.user.gid)
}

const environment = (): Record<string, string> => ({ ...stage.env, PATH: `${join(stage.directory, 'bin')}:${stage.env['PATH'] ?? ''}` })
const icb = (...args: string[]): Promise<IcbDocument> => stage.icbJson('prod', args, { config, env: environment() })
const migrate = (...options: string[]): Promise<IcbDocument> => icb('migrate', scripts, ...options)
const lock = (): string => join(stage.areaView, 'backup.lck')
const said = (): string => (existsSync(join(work, 'log')) ? readFileSync(join(work, 'log'), 'utf8') : '')
const snapshots = (): Promise<readonly string[]> => icb('snapshot', 'list', database).then(({ result }) => (result as { snapshot: { name: string } }[]).map(({ snapshot }) => snapshot.name))

/** Waits for a line of the original at work. */
async function until(what: string): Promise<void> {
  const deadline = Date.now() + 120_000
  while (!said().includes(what)) {
    if (Date.now() > deadline || said().includes('failed')) throw new Error(`the original never said "${what}": ${said()}`)
    await delay(50)
  }
}

interface KilledStep {
  readonly step: '--begin' | '--take-over' | '--finish'
  /** Puts the world back to where the step begins. */
  readonly undo: () => Promise<unknown>
  /** What is true of the database at its end. */
  readonly end: Readonly<Record<string, unknown>>
  readonly check: () => Promise<void>
}

/** Kills a step before one change that it makes to the world after the other; each time the same command then comes to the same end. Answers how often it was killed. */
async function killedOnItsWay({ step, undo, end, check }: KilledStep): Promise<number> {
  for (let [at, kills] = [1, 0]; ; at += stride, kills += 1) {
    await undo()
    const env = { ...environment(), NODE_OPTIONS: `--import ${fixture('killed-at.mjs')}`, KILLED_AT: String(at) }
    const { exitCode, stdout, stderr } = await stage.icb('prod', ['migrate', scripts, step], { config, env })
    if (exitCode === 0) return kills
    expect([null, 137], `${step} killed before change ${String(at)}: ${stdout}${stderr}`).toContain(exitCode)
    await check()
    const again = await migrate(step)
    expect(again, `${step} after it was killed before change ${String(at)}: ${JSON.stringify(again)}`).toMatchObject({ ok: true, result: { databases: [end] } })
    expect(existsSync(lock())).toBe(false)
  }
}

it('[M:scheduler-jobs] the way out of the original while its jobs run: what differs, side by side, taken over, finished; each step can be repeated, and killed anywhere', async () => {
  expect(await migrate()).toMatchObject({
    ok: true, schema: 'icb/migrate/1',
    result: {
      installation: { edits: [{ file: 'backup.py', edit: 'changed' }] }, cron: [{ source: 'crontab -l', line: 1, programs: ['backup'], certain: true }, { line: 2, programs: ['report'] }],
      databases: [{ database, foreignSnapshots: 0, differences: [], jobs: [{ owner: 'BACKUPEXEC', name: 'IMAGECOPY_JOB', enabled: true }] }],
    },
  })
  // Before the beginning the original's lock means nothing here: a restored area has one, too.
  expect(await migrate('--take-over')).toMatchObject({ exitCode: 1, error: { code: 'ICB_MIGRATE_SIDE_BY_SIDE' } })
  // A lock that cannot be read may be held.
  mkdirSync(lock())
  expect((await migrate()).warnings).toContainEqual(expect.objectContaining({ code: 'ICB_MIGRATE_LOCK', message: expect.stringContaining('EISDIR') as unknown }))
  rmdirSync(lock())
  const unlocked = (): void => { expect(existsSync(lock()) && readFileSync(lock(), 'utf8')).toBe(false) }
  const forget = async (): Promise<void> => { rmSync(join(stage.areaView, '.icb', 'original.json'), { force: true }) }
  expect(await killedOnItsWay({ step: '--begin', undo: forget, end: { sideBySideSince: expect.stringContaining('T') as unknown, jobs: [{ enabled: true }] }, check: async () => { unlocked() } })).toBeGreaterThan(0)
  for (let twice = 0; twice < 2; twice++) expect((await migrate('--begin')).ok).toBe(true)

  // The original at work: its job runs, has its lock, takes its snapshot and refreshes the copies.
  await sql("begin dbms_scheduler.run_job('BACKUPEXEC.IMAGECOPY_JOB', use_current_session => false); end;\n/")
  await until('refreshed')
  const held = readFileSync(lock(), 'utf8')
  expect(await icb('backup', database)).toMatchObject({ exitCode: 4, error: { code: 'ICB_MIGRATE_ORIGINAL_BUSY' } })
  expect(await migrate('--take-over')).toMatchObject({ exitCode: 4, error: { code: 'ICB_MIGRATE_ORIGINAL_BUSY' } })
  expect(await migrate('--finish')).toMatchObject({ exitCode: 3, error: { code: 'ICB_MIGRATE_REFUSED_UNFINISHED' } })
  expect(await migrate('--begin')).toMatchObject({ ok: true, result: { databases: [{ lock: held, jobs: [{ enabled: true, running: true }] }] } })
  expect(readFileSync(lock(), 'utf8')).toBe(held)
  writeFileSync(join(work, 'go'), '')
  await until('ended')
  unlocked()

  // The copies that are there are merged into: nothing is copied in full again.
  const first = await icb('backup', database)
  expect(first).toMatchObject({ ok: true, result: { refresh: { created: [] } } })
  expect((first.result as { refresh: { merged: unknown[] } }).refresh.merged.length).toBeGreaterThan(3)
  unlocked()
  expect((await icb('backup', database)).ok).toBe(true)
  const before = await snapshots()
  expect(before).toHaveLength(3)
  expect(before).toContain(seedSnapshot)

  // Killed anywhere, a step loses nothing and is simply run again.
  const nothingIsLost = async (): Promise<void> => { expect(await snapshots()).toEqual(before) }
  const enable = (): Promise<void> => sql("begin dbms_scheduler.enable('BACKUPEXEC.IMAGECOPY_JOB'); end;\n/")
  expect(await killedOnItsWay({ step: '--take-over', undo: enable, end: { differences: [], jobs: [{ name: 'IMAGECOPY_JOB', enabled: false }] }, check: nothingIsLost })).toBeGreaterThan(1)
  expect(await migrate()).toMatchObject({ result: { databases: [{ differences: [], jobs: [{ name: 'IMAGECOPY_JOB', enabled: false }] }] } })

  await enable()
  expect(await migrate('--finish')).toMatchObject({ exitCode: 3, error: { code: 'ICB_MIGRATE_REFUSED_UNFINISHED', message: expect.stringContaining('crontab -l, line 1') as unknown } })
  cron(`#10 2 * * * ${scripts}/backup.py ${database} imagecopywithsnap\n0 3 * * * ${scripts}/report.py\n`)
  expect(await migrate('--finish')).toMatchObject({ exitCode: 3, error: { code: 'ICB_MIGRATE_REFUSED_UNFINISHED', message: expect.stringContaining('IMAGECOPY_JOB') as unknown } })
  for (let twice = 0; twice < 2; twice++) expect(await migrate('--take-over')).toMatchObject({ ok: true, warnings: [], result: { databases: [{ jobs: [{ enabled: false }] }] } })
  const ended = { differences: [], jobs: [{ enabled: false }] }
  expect(await killedOnItsWay({ step: '--finish', undo: () => migrate('--begin'), end: ended, check: nothingIsLost })).toBeGreaterThan(1)
  expect((await migrate()).result).not.toMatchObject({ databases: [{ sideBySideSince: expect.anything() as unknown }] })
  // A run that was killed right after it ended the migration still had the lock.
  writeFileSync(lock(), 'icb killed on vm, process 1\n')
  for (let twice = 0; twice < 2; twice++) expect((await migrate('--finish')).ok).toBe(true)
  unlocked()

  // The same decisions as before, by icb alone.
  expect((await migrate()).result).toMatchObject({ databases: [{ differences: [] }] })
  expect(await snapshots()).toEqual(before)
  const proof = await stage.icbJson('sandbox', ['restore-test', database])
  expect(proof, JSON.stringify(proof)).toMatchObject({ ok: true, result: { restoreTests: [{ verdict: { outcome: 'passed', snapshot: before.at(-1) } }] } })
}, timeout)
