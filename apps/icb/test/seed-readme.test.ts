import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, referenceDirectory } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * The README of the original (unibet/oracle-imagecopy-backup), section by section, with the commands that take its place. Each is run in the
 * lab by the test of that section, with a configuration in the original's format; no section may be without a counterpart.
 */
const sections: Readonly<Record<string, readonly string[]>> = {
  'unibet/oracle-imagecopy-backup': ['icb --help'],
  'Setting up backup': ['icb config check', 'icb configure', 'icb backup'],
  'Prepare OS': ['icb --version'],
  'Prepare Oracle database home': ['icb doctor'],
  'Prepare Oracle ZFS Storage Appliance for receiving the backups': ['icb volume create', 'icb config check'],
  'Setting up the scripts': ['icb config check', 'icb configure', 'icb backup', 'icb archivelogs'],
  'Scheduling backups': ['icb schedule show'],
  'Option 1': ['icb schedule install'],
  'Option 2': ['icb schedule show --print jenkins'],
  'Option X': ['icb schedule show --print systemd'],
  'Recovering the backup': ['icb rescue', 'icb restore-script'],
  'Setting up automatic restore tests': ['icb sandbox prepare', 'icb sandbox check'],
  'Autorestore method': ['icb restore-test'],
  'Setting up autorestore': ['icb restore-test calendar', 'icb ledger create'],
  'Executing autorestore': ['icb restore-test', 'icb ledger list'],
  'Extending to other storage systems': ['icb config check'],
  'Helper tools': ['icb --help'],
  'restore.py': ['icb restore'],
  'zsnapper.py': ['icb snapshot create', 'icb snapshot list', 'icb snapshot age', 'icb clone create', 'icb clone list', 'icb clone delete'],
  'exec_all.py': ['icb fleet'],
  'report.py': ['icb report'],
  'autorestore_check.sql': ['icb check'],
  'Configure support for Netapp storage (ONTAP)': ['icb config check'],
}

const timeout = 240_000
const database = `m${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
let stage: Stage
let config: string

/** What the command line itself says it can do. */
let help: string

/** The commands of a section are in the test of that section and in the program's own help. */
function section(title: keyof typeof sections, body: (run: (args: readonly string[], config?: string) => Promise<IcbDocument>) => Promise<void>): void {
  it(title, async () => {
    for (const command of sections[title] ?? []) {
      const [, verb = ''] = command.split(' ')
      if (!verb.startsWith('--')) expect(help).toMatch(new RegExp(`^  ${verb}\\b`, 'm'))
    }
    await body((args, path = config) => stage.icbJson('prod', args, { config: path }))
  }, timeout)
}

const fine = async (document: Promise<IcbDocument>): Promise<IcbDocument> => {
  const found = await document
  expect({ exitCode: found.exitCode, error: found.error }).toEqual({ exitCode: 0, error: undefined })
  return found
}

/** A configuration as the original's README makes one, for the lab. */
function seedConfig(name: string, more: { readonly adapter?: readonly string[]; readonly dest?: string } = {}): string {
  const path = join(stage.directory, `${name}.cfg`)
  const text = [
    '[generic]', `backupdest: ${more.dest ?? join(stage.areaPath, '..')}`, `tnsadmin: ${join(stage.labDirectory, 'tns')}`, 'osuser: nobody', `oraclehome: ${join(stage.labDirectory, 'hosts', 'prod', 'home')}`, `statedir: ${join(stage.directory, 'state-seed')}`, '',
    ...(more.adapter ?? []), '',
    `[${database}]`, `dbid: ${stage.dbid}`, 'recoverywindow: 2', 'parallel: 2', 'snapexpirationdays: 31', 'snapexpirationmonths: 6', 'registercatalog: false', 'hasdataguard: false',
    'schedulebackup: FREQ=DAILY;BYHOUR=10;BYMINUTE=0', 'schedulearchlog: FREQ=HOURLY;BYHOUR=21', '',
  ]
  writeFileSync(path, text.join('\n'), { mode: 0o644 })
  return path
}

beforeAll(async () => {
  stage = await createStage({ database })
  config = seedConfig('backup')
  help = (await stage.icb('prod', ['--help'])).stdout
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe("the original's README (needs the reference data)", () => {
  const readme = join(referenceDirectory() ?? '/nonexistent', 'seed-readme.md')
  it.skipIf(!existsSync(readme))('has no section without a counterpart', () => {
    const fenced = readFileSync(readme, 'utf8').replaceAll(/^```[^]*?^```/gmu, '')
    const titles = [...fenced.matchAll(/^#+ (.+)$/gmu)].map((match) => match[1]?.trim() ?? '')
    expect(titles.length).toBeGreaterThan(15)
    expect(titles.filter((title) => sections[title] === undefined)).toEqual([])
  })
})

describe('followed in the lab', () => {
  section('unibet/oracle-imagecopy-backup', async () => { expect(help).toContain('restore-test') })
  section('Prepare OS', async () => { expect((await stage.icb('prod', ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+/) })
  section('Setting up the scripts', async (run) => {
    await fine(run(['config', 'check']))
    await fine(run(['configure', database, '--yes']))
    await fine(run(['backup', database]))
    await fine(run(['backup', database]))
    expect((await fine(run(['archivelogs', database]))).result).toMatchObject({ outcome: 'ok', missing: [] })
    expect(readdirSync(stage.areaPath)).toEqual(expect.arrayContaining(['autorestore.cfg', 'after_backup_controlfile.cf', 'archivelog']))
  })
  section('Setting up backup', async (run) => {
    expect((await fine(run(['configure', database, '--yes']))).result).toMatchObject({ applied: [] })
    const [first] = (await fine(run(['snapshot', 'list', database]))).result as readonly unknown[]
    expect(first).toBeDefined()
  })
  section('Prepare Oracle database home', async (run) => { expect((await run(['doctor', database])).schema).toContain('doctor') })
  section('Prepare Oracle ZFS Storage Appliance for receiving the backups', async (run) => {
    const zfssa = seedConfig('zfssa', { adapter: ['snappermodule: zfssa', 'snapperclass: ZFSSA', '', '[zfssa]', 'url: https://zfssa.example.com:215', 'pool: disk-pool1', 'project: db-backup1'] })
    expect((await run(['config', 'check'], zfssa)).error?.code).not.toBe('ICB_CONFIG_UNKNOWN_KEY')
    expect((await run(['config', 'show', database], zfssa)).result).toMatchObject({})
  })
  section('Scheduling backups', async (run) => {
    const shown = await fine(run(['schedule', 'show', database]))
    expect((shown.result as { jobs: readonly { next: readonly string[] }[] }).jobs.map((job) => job.next.length)).toEqual([5, 5])
    expect(shown.warnings.map((warning) => warning.message).join('\n')).toContain('once a day, not every hour')
  })
  section('Option 1', async (run) => { expect((await fine(run(['schedule', 'install', database, '--dry-run']))).result).toMatchObject({ applied: false }) })
  section('Option 2', async (run) => { expect(JSON.stringify((await fine(run(['schedule', 'show', database, '--print', 'jenkins', '--ssh', 'oracle@db1']))).result)).toContain('pipeline {') })
  section('Option X', async (run) => { expect(JSON.stringify((await fine(run(['schedule', 'show', database, '--print', 'systemd']))).result)).toContain('OnCalendar=') })
  section('Recovering the backup', async (run) => {
    expect(await run(['rescue', database, '--sid', database, '--dry-run'])).toMatchObject({ exitCode: 3, error: { code: 'ICB_AUTORESTORE_REFUSED_INSTANCE' } })
    expect((await fine(run(['restore-script', database]))).result).toMatchObject({ script: expect.stringContaining('open resetlogs') as unknown })
  })
  section('Setting up automatic restore tests', async () => { await fine(stage.icbJson('sandbox', ['sandbox', 'check', stage.scratch])) })
  section('Setting up autorestore', async () => { await fine(stage.icbJson('sandbox', ['restore-test', 'calendar'])) })
  section('Autorestore method', async () => {
    const tested = (await fine(stage.icbJson('sandbox', ['restore-test', database, '--validate', 'always']))).result
    expect(JSON.stringify(tested)).toContain('"passed"')
  })
  section('Executing autorestore', async () => {
    expect((await fine(stage.icbJson('sandbox', ['ledger', 'list', database]))).result).toHaveLength(1)
    const unmarked = stage.variant('sandbox', 'unmarked', (_, own) => { own.restoreTest = { ...own.restoreTest, scratch: join(stage.directory, 'home') } })
    expect(JSON.stringify(await stage.icbJson('sandbox', ['restore-test', database], { config: unmarked }))).toContain('GUARD_REFUSED')
  })
  section('Extending to other storage systems', async (run) => {
    const own = seedConfig('own', { adapter: ['adapter: ./own-array.mjs'] })
    expect(await run(['snapshot', 'list', database], own)).toMatchObject({ error: { code: expect.stringContaining('ICB_STORAGE_ADAPTER') as unknown } })
  })
  section('Helper tools', async () => { for (const verb of ['restore', 'snapshot', 'fleet', 'report', 'check']) expect(help).toContain(`  ${verb}`) })
  section('restore.py', async () => {
    const restored = (await fine(stage.icbJson('sandbox', ['restore', database, '--to', 'latest', '--sid', stage.slot, '--yes']))).result as { runId: string; outcome: string }
    expect(restored.outcome).toBe('opened')
    await fine(stage.icbJson('sandbox', ['restore', database, '--cleanup', restored.runId]))
  })
  section('zsnapper.py', async (run) => {
    const { snapshot } = (await fine(run(['snapshot', 'create', database]))).result as { snapshot: string }
    await fine(run(['clone', 'create', database, snapshot, 'readme']))
    expect((await fine(run(['clone', 'list', database]))).result).toMatchObject([{ name: 'readme' }])
    await fine(run(['clone', 'delete', database, 'readme']))
    expect((await stage.icb('prod', ['snapshot', 'age', database], { config })).stdout).toMatch(/^OK/)
  })
  section('exec_all.py', async (run) => { await fine(run(['fleet', 'archivelogs'])) })
  section('report.py', async (run) => { expect((await run(['report'])).schema).toContain('report') })
  section('autorestore_check.sql', async () => { expect((await stage.icb('prod', ['check', database])).stdout).toMatch(/^(OK|WARNING|CRITICAL)/) })
  section('Configure support for Netapp storage (ONTAP)', async (run) => {
    const netapp = seedConfig('netapp', { adapter: ['snappermodule: netapp', 'snapperclass: Netapp', '', '[netapp]', 'filer: filer.example.com', 'volumeprefix: bk_'] })
    expect((await run(['config', 'check'], netapp)).error?.code).not.toBe('ICB_CONFIG_UNKNOWN_KEY')
  })
})
