import { mkdirSync, readFileSync, symlinkSync, writeFileSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, runProgram } from '@icb/testing'
import type { ProgramResult, Stage } from '@icb/testing'
import { DateTime } from 'luxon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { legacyPrograms } from '../src/legacy/called-as.ts'

const timeout = 240_000
let stage: Stage
let scripts: string

/** An installation as the original's README makes it: the programs in one directory, the configuration beside them. */
function install(): void {
  const { user } = stage.programs
  scripts = join(stage.directory, 'oracle-imagecopy-backup')
  mkdirSync(scripts)
  for (const name of ['dest', 'mnt']) {
    mkdirSync(join(stage.directory, name))
    if (user !== undefined) chownSync(join(stage.directory, name), user.uid, user.gid)
  }
  for (const name of legacyPrograms) symlinkSync(stage.programs.icb, join(scripts, `${name}.py`))
  symlinkSync(stage.programs.icb, join(scripts, 'backup'))
  const config = (host: 'prod' | 'sandbox'): string => `[generic]
# After how many days the backup logs will be deleted
logretention: 20
backupdest: ${join(stage.labDirectory, 'nfs', 'backup')}
warningsnapage: 26
criticalsnapage: 32
tnsadmin: ${join(stage.labDirectory, 'tns')}
osuser: oracle
oraclehome: ${join(stage.labDirectory, 'hosts', host, 'home')}
maxlockwait: 0
adapter: local
statedir: ${join(stage.directory, `old-state-${host}`)}

[ledger]
path: ${join(stage.directory, 'ledger')}
shared: true

[autorestore]
autorestoredestination: ${join(stage.directory, 'dest')}
autorestoreclonename: autorestore
autorestoresnapage: 0
autorestoremaxtoleranceminutes: 5
autorestoremodulus: 30
slots: ${stage.slot}
mount: path
sga_size: 512M
pga_size: 256M

[${stage.database}]
dbid: ${stage.dbid}
recoverywindow: 2
parallel: 2
snapexpirationdays: 31
snapexpirationmonths: 6
registercatalog: false
hasdataguard: false
gimanaged: false
schedulebackup: FREQ=DAILY;BYHOUR=10;BYMINUTE=0
schedulearchlog: FREQ=HOURLY;INTERVAL=6
`
  writeFileSync(join(scripts, 'backup.cfg'), config('prod'))
  writeFileSync(join(scripts, 'backup.sandbox.cfg'), config('sandbox'))
}

interface Call {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

function old(name: string, args: readonly string[], { env = {}, stdin = '' }: Call = {}): Promise<ProgramResult> {
  return runProgram(stage.programs.node, [join(scripts, name), ...args], { cwd: '/', env: { ...stage.env, ...env }, user: stage.programs.user, stdin })
}

/** The call ended with 0; answers its lines. */
async function lines(name: string, args: readonly string[], call: Call = {}): Promise<readonly string[]> {
  const result = await old(name, args, call)
  expect(result.exitCode, `${name} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`).toBe(0)
  return result.stdout.trimEnd().split('\n')
}

const database = 'orcl'
const seconds = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/

beforeAll(async () => {
  stage = await createStage({ database })
  install()
}, timeout)
afterAll(async () => {
  await stage[Symbol.asyncDispose]()
})

describe('setting up backup', () => {
  it('config, twice: the second time nothing is left to do', async () => {
    await lines('backup.py', [database, 'config'])
    expect(await lines('backup', [database, 'config'])).toContain('nothing to change')
  }, timeout)

  it('[M:external-scheduler] imagecopywithsnap: quiet by itself, the whole log on the screen where a scheduler shows it', async () => {
    await lines('backup.py', [database, 'imagecopywithsnap'])
    const log = await lines('backup.py', [database, 'imagecopywithsnap'], { env: { BACKUP_LOG_TO_SCREEN: 'TRUE' } })
    expect(log.some((line) => /^\d\d:\d\d:\d\d INFO {5}orcl {12}Make the snapshot: orcl-/.test(line))).toBe(true)
  }, timeout)

  it('missingarchlog, report, validatebackup, generaterestore, backupimagecopy', async () => {
    expect((await lines('backup.py', [database, 'missingarchlog'])).at(-1)).toMatch(/ logs expected, 0 missing/)
    expect((await lines('backup.py', [database, 'report'])).join('\n')).toContain('REPORT UNRECOVERABLE')
    expect((await lines('backup.py', [database, 'validatebackup'])).join('\n')).toContain('can be read')
    expect((await lines('backup.py', [database, 'generaterestore']))[0]).toMatch(/^#!/)
    const before = await lines('zsnapper.py', [database, 'list'])
    expect((await lines('backup.py', [database, 'backupimagecopy'])).some((line) => /^refresh .* merged/.test(line))).toBe(true)
    expect(await lines('zsnapper.py', [database, 'list'])).toEqual(before)
  }, timeout)

  it('setschedule makes nothing without the password of the operating system user', async () => {
    const result = await old('backup.py', [database, 'setschedule'])
    expect(result.exitCode).not.toBe(0)
    expect(`${result.stdout}${result.stderr}`).toContain('OSPASSWORD')
  }, timeout)

  it('wrong usage and an unknown database end with 2, a failing program with 1', async () => {
    for (const args of [[], [database], [database, 'backup'], [database, 'config', 'more']]) {
      const result = await old('backup.py', args)
      expect(result.exitCode).toBe(2)
      expect(result.stdout).toMatch(/^Usage: backup\.py <database> <action>/)
    }
    expect((await old('backup.py', ['nosuchdb', 'missingarchlog'])).exitCode).toBe(2)
    expect((await old('zsnapper.py', [database, 'dropclone', 'nosuchclone'])).exitCode).toBe(1)
  }, timeout)
})

describe('helper tools', () => {
  it('[M:snapshot-list] zsnapper: create, list, clone, listclones, dropclone, autoclone, clean, checkage', async () => {
    const [created = ''] = await lines('zsnapper.py', [database, 'create'])
    const name = /^Snapshot created: (\S+)$/.exec(created)?.[1] ?? ''
    expect(name).toMatch(/^orcl-/)
    const cloned = await lines('zsnapper.py', [database, 'clone', name])
    expect(cloned[0]).toBe('Clone created.')
    const clone = /^Clone name: (\S+)$/.exec(cloned[1] ?? '')?.[1] ?? ''
    expect(clone.startsWith(`${name}_clone_`)).toBe(true)
    expect(cloned[2]).toMatch(/^Mount point: \//)
    const listed = await lines('zsnapper.py', [database, 'list'])
    expect(listed.at(-1)).toMatch(new RegExp(`^${name} \\[\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC\\] total=(\\?|\\d+[kMGT]?B) unique=(\\?|\\d+[kMGT]?B) clones=1$`))
    expect(await lines('zsnapper.py', [database, 'listclones'])).toEqual([expect.stringMatching(new RegExp(`^${clone} \\[${name}\\] \\[mount point: /.+\\]$`))])
    expect(await lines('zsnapper.py', [database, 'dropclone', clone])).toEqual(['Clone dropped.'])
    expect((await lines('zsnapper.py', [database, 'autoclone']))[1]).toBe('Clone name: autorestore')
    await lines('zsnapper.py', [database, 'dropclone', 'autorestore'])
    expect(await lines('zsnapper.py', [database, 'clean'])).toEqual(listed.map((line) => expect.stringMatching(new RegExp(`^${line.split(' ')[0] ?? ''} \\[.* UTC\\] valid: `)) as unknown))
    expect((await lines('zsnapper.py', [database, 'checkage']))[0]).toMatch(/^OK: the latest snapshot of orcl is 0:00:\d\d old/)
    expect((await old('zsnapper.py', [database, 'clone'])).exitCode).toBe(2)
  }, timeout)

  it('[M:nagios-report] zvolume finds the volume that is there; dbinfo and report tell what is known', async () => {
    expect((await lines('zvolume.py', [database, 'create']))[0]).toMatch(/^volume: /)
    expect(await lines('dbinfo.py', [database])).toEqual(['orcl is not managed by Grid Infrastructure (gimanaged).'])
    writeFileSync(join(scripts, 'managed.cfg'), readFileSync(join(scripts, 'backup.cfg'), 'utf8').replace('gimanaged: false', 'gimanaged: true'))
    expect((await lines('dbinfo.py', [database], { env: { BACKUPCONFIG: 'managed.cfg' } })).join('\n')).toMatch(/^environment:\n {2}oracleHome: /m)
    const told = await lines('report.py', [])
    expect(told[0]).toBe(database)
    expect(told).toContain('  Last successful restore test: never')
    expect((await old('report.py', ['nosuchdb'])).exitCode).toBe(2)
  }, timeout)

  it('[H36] [M:all-databases] exec_all takes every database but the excluded ones, and tells which failed', async () => {
    const config = `${readFileSync(join(scripts, 'backup.cfg'), 'utf8')}\n[gone]\ndbid: 1\nrecoverywindow: 2\nparallel: 1\nsnapexpirationdays: 1\n`
    writeFileSync(join(scripts, 'two.cfg'), config)
    const result = await old('exec_all.py', ['missingarchlog'], { env: { BACKUPCONFIG: 'two.cfg' } })
    expect(result.exitCode).toBe(1)
    expect(result.stdout).toContain('### orcl')
    expect(result.stdout).toContain('0 missing')
    expect(result.stderr).toContain('missingarchlog failed for: gone')
    expect((await lines('exec_all.py', ['missingarchlog', 'gone'], { env: { BACKUPCONFIG: 'two.cfg' } })).filter((line) => line.startsWith('###'))).toEqual(['### orcl'])
    expect((await old('exec_all.py', ['everything'])).exitCode).toBe(2)
  }, timeout)
})

describe('automatic restore tests', () => {
  it('[H2] without the word of whoever runs it nothing begins: exit code 3', async () => {
    const refused = await old('autorestore.py', ['backup.sandbox.cfg'], { env: { AUTORESTORE_SAFE_SANDBOX: 'true' } })
    expect(refused.exitCode).toBe(3)
    expect(refused.stdout).toContain('AUTORESTORE_SAFE_SANDBOX')
    expect((await old('autorestore.py', [])).exitCode).toBe(2)
    expect((await lines('autorestore.py', ['backup.sandbox.cfg', '--createcatalog'])).at(-1)).toMatch(/nothing has to be made there$/)
  }, timeout)

  it('[M:restore-test] [M:choose-databases] with it the databases are restored, the named ones or all but those; dates of validation are listed', async () => {
    const env = { AUTORESTORE_SAFE_SANDBOX: 'TRUE' }
    expect((await lines('autorestore.py', ['backup.sandbox.cfg', database], { env })).some((line) => line.startsWith('orcl: PASSED'))).toBe(true)
    expect(await lines('autorestore.py', ['backup.sandbox.cfg', `!${database}`], { env })).toEqual([''])
    expect(await lines('autorestore.py', ['backup.sandbox.cfg', '--listvalidationdates'])).toEqual([expect.stringMatching(/^orcl: \d{4}-\d\d-\d\d \(in \d+ days\)$/)])
    expect((await lines('report.py', [database])).find((line) => line.startsWith('  Last successful'))).toMatch(/: \d{4}-/)
  }, timeout)

  it('[H3] what somebody left in the scratch directory is not deleted: exit code 3', async () => {
    const config = join(scripts, 'used.cfg')
    const used = join(stage.directory, 'used')
    mkdirSync(used)
    if (stage.programs.user !== undefined) chownSync(used, stage.programs.user.uid, stage.programs.user.gid)
    writeFileSync(join(used, 'thesis.txt'), 'mine')
    writeFileSync(config, readFileSync(join(scripts, 'backup.sandbox.cfg'), 'utf8').replace(/^autorestoredestination:.*$/m, `autorestoredestination: ${used}`))
    const result = await old('autorestore.py', [config], { env: { AUTORESTORE_SAFE_SANDBOX: 'TRUE' } })
    expect(result.exitCode).toBe(3)
    expect(readFileSync(join(used, 'thesis.txt'), 'utf8')).toBe('mine')
  }, timeout)

  it('[M:point-in-time] [M:printed-commands] restore asks what the original asked, and leaves an open database with its clean-up command', async () => {
    const points = (await stage.icbJson('prod', ['snapshot', 'list', database], { config: join(scripts, 'backup.cfg') })).result as { state: string; entry?: { lastTime?: string; utcOffset?: string } }[]
    const { lastTime = '', utcOffset = '' } = points.find((point) => point.state === 'refreshed' && point.entry?.lastTime !== undefined)?.entry ?? {}
    expect(lastTime).toMatch(seconds)
    const utc = DateTime.fromISO(`${lastTime.replace(' ', 'T')}${utcOffset}`, { zone: 'utc' }).toFormat('yyyy-MM-dd HH:mm:ss')
    const refused = await old('restore.py', ['backup.sandbox.cfg', database], { stdin: 'n\n' })
    expect(refused.exitCode).toBe(1)
    const unanswered = await old('restore.py', ['backup.sandbox.cfg', database], { stdin: 'y\n' })
    expect(unanswered.exitCode).toBe(2)
    const answers = ['y', '/nonexistent', join(stage.directory, 'mnt'), 'tomorrow', utc, 'y', 'far too long', 'ORCLREST', 'y', '']
    const told = await lines('restore.py', ['backup.sandbox.cfg', database], { stdin: answers.join('\n') })
    expect(told).toContain('Target instance SID: ORCLREST')
    expect(told.join('\n')).toContain(`Restore target time UTC: ${utc}+00:00`)
    expect(told).toContain('SID: ORCLREST')
    const cleanup = /^icb (--config \S+) (restore orcl --cleanup \S+)$/.exec(told.at(-1) ?? '')
    expect(cleanup).not.toBeNull()
    const removed = await stage.icb('sandbox', (cleanup?.[2] ?? '').split(' '), { config: join(scripts, 'backup.sandbox.cfg') })
    expect(removed.exitCode).toBe(0)
    expect(removed.stdout).toContain('removed:')
  }, timeout)
})
