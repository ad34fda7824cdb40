import { chownSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, noteGuardCase, treeState } from '@icb/testing'
import type { IcbRunOptions, Stage } from '@icb/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

/**
 * Planted dangers before a backup, each met by the built command line: it is refused and everything in the area and of the database is
 * as it was, by checksum. Each case is a row of the table of `npm run proof:guards`.
 */

let stage: Stage
let current: { readonly meta: object }
const database = `g${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
const timeout = 180_000
const undos: (() => void | Promise<void>)[] = []

async function sql(text: string): Promise<void> {
  const result = await stage.sqlplus('prod', `whenever sqlerror exit failure\nconn /@${database} as sysdba\n${text}\nexit\n`)
  if (result.exitCode !== 0) throw new Error(`${text}\n${result.stdout}`)
}

function own(path: string): void {
  const { user } = stage.programs
  if (user !== undefined) chownSync(path, user.uid, user.gid)
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** What a refused backup must leave as it was. The lease is renewed while a run looks around, and is not counted. */
function world(): { readonly area: Readonly<Record<string, string>>; readonly snapshots: readonly string[] } {
  const area = Object.fromEntries(Object.entries(treeState(stage.areaPath)).filter(([path]) => !path.startsWith('.icb/lease')))
  return { area, snapshots: names(join(stage.labDirectory, 'nfs', 'backup', '.icb-snapshots', database, 'snapshots')) }
}

async function refused(expected: { readonly code: string; readonly text: RegExp; readonly exitCode?: number }, options?: IcbRunOptions, args: readonly string[] = ['backup', database]): Promise<void> {
  const before = world()
  const { exitCode, error } = await stage.icbJson('prod', args, options)
  expect({ exitCode, code: error?.code, text: error?.message }).toEqual({ exitCode: expected.exitCode ?? 3, code: expected.code, text: expect.stringMatching(expected.text) as unknown })
  expect(world()).toEqual(before)
  noteGuardCase(current, { exitCode, code: error?.code ?? '', reason: (error?.message ?? '').replaceAll(stage.directory, '…'), unchangedFiles: Object.keys(before.area).length })
}

type Change = Parameters<Stage['variant']>[2]
const withConfig = (change: Change): IcbRunOptions => ({ config: stage.variant('prod', 'case', change) })

beforeAll(async () => {
  stage = await createStage({ database })
  for (const args of [['configure', database, '--yes'], ['backup', database], ['backup', database]]) {
    const result = await stage.icb('prod', args)
    if (result.exitCode !== 0) throw new Error(`icb ${args.join(' ')}: ${result.stdout}${result.stderr}`)
  }
}, 240_000)
beforeEach(({ task }) => { current = task })
afterEach(async () => {
  for (const undo of undos.splice(0).reverse()) await undo()
})
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('a backup into the wrong place', () => {
  it('is refused when the database has another DBID', async () => {
    await refused({ code: 'ICB_BACKUP_REFUSED_IDENTITY', text: /4242/ }, withConfig((_, settings) => { settings['dbid'] = '4242' }))
  }, timeout)

  it('is refused when the database has another unique name', async () => {
    const config = stage.variant('prod', 'other', (all, settings) => { all.databases = { other: settings } })
    await refused({ code: 'ICB_BACKUP_REFUSED_IDENTITY', text: /other/ }, { config }, ['backup', 'other'])
  }, timeout)

  it('is refused when the area is not there', async () => {
    await refused({ code: 'ICB_BACKUP_REFUSED_AREA', text: /not-mounted/ }, withConfig((_, settings) => { settings['areaPath'] = join(stage.directory, 'not-mounted') }))
  }, timeout)

  it("is refused when the area is not the adapter's volume", async () => {
    const volume = join(stage.directory, 'other-volume')
    mkdirSync(volume)
    own(volume)
    undos.push(() => { rmSync(volume, { recursive: true }) })
    await refused({ code: 'ICB_BACKUP_REFUSED_AREA', text: /other-volume|not.*volume/ }, withConfig((_, settings) => { settings['storage'] = { adapter: 'local', directory: volume } }))
    expect(readdirSync(volume)).toEqual([])
  }, timeout)

  it('is refused when the area has become an empty directory, as below a mount that is gone', async () => {
    const aside = `${stage.areaPath}-mounted`
    renameSync(stage.areaPath, aside)
    mkdirSync(stage.areaPath)
    own(stage.areaPath)
    undos.push(() => { rmSync(stage.areaPath, { recursive: true }); renameSync(aside, stage.areaPath) })
    const { exitCode, error } = await stage.icbJson('prod', ['backup', database])
    expect({ exitCode, code: error?.code }).toEqual({ exitCode: 3, code: 'ICB_BACKUP_REFUSED_SURPRISE_FULL' })
    expect(names(stage.areaPath).filter((name) => name !== '.icb')).toEqual([])
    noteGuardCase(current, { exitCode, code: error?.code ?? '', reason: (error?.message ?? '').replaceAll(stage.directory, '…'), unchangedFiles: Object.keys(treeState(aside)).length })
  }, timeout)

  it('is refused when the area has the id of another area', async () => {
    const id = join(stage.areaPath, '.icb', 'area-id')
    const original = readFileSync(id, 'utf8')
    writeFileSync(id, original.replace(/^[0-9a-f]{8}/, '00000000'))
    undos.push(() => { writeFileSync(id, original) })
    await refused({ code: 'ICB_BACKUP_REFUSED_AREA', text: /area/ })
  }, timeout)
})

describe('a refresh that would not be what it should be', () => {
  const copy = (): string => join(stage.areaPath, names(stage.areaPath).find((name) => name.includes('TS-USERS'))!)

  it('is refused when a file that had a copy would be copied in full', async () => {
    const path = copy()
    renameSync(path, join(stage.directory, 'lost-copy'))
    undos.push(() => { renameSync(join(stage.directory, 'lost-copy'), path) })
    await refused({ code: 'ICB_BACKUP_REFUSED_SURPRISE_FULL', text: /file 4|USERS/ })
  }, timeout)

  it('is refused when a copy has become a link that leads nowhere', async () => {
    const path = copy()
    renameSync(path, join(stage.directory, 'lost-copy'))
    symlinkSync(join(stage.directory, 'nowhere'), path)
    undos.push(() => { rmSync(path); renameSync(join(stage.directory, 'lost-copy'), path) })
    await refused({ code: 'ICB_BACKUP_REFUSED_SURPRISE_FULL', text: /file 4|USERS/ })
  }, timeout)

  it('is refused while RMAN work of an earlier run goes on in the database', async () => {
    await sql('alter system set "_lab_backup_rate"=500000 scope=memory;')
    undos.push(() => sql('alter system set "_lab_backup_rate"=0 scope=memory;'))
    const earlier = stage.rman('prod', `connect target /@${database}\nset command id to 'cafe0001-abcdefgh12';\nbackup validate database;\nexit\n`)
    undos.push(async () => { await sql('alter system set "_lab_backup_rate"=0 scope=memory;'); await earlier })
    await expect.poll(async () => (await stage.sqlplus('prod', `set heading off feedback off\nconn /@${database} as sysdba\nselect client_info from v$session where client_info like 'id=cafe0001%';\nexit\n`)).stdout, { timeout: 60_000 }).toContain('cafe0001-abcdefgh12')
    await refused({ exitCode: 4, code: 'ICB_BACKUP_SESSION_RUNNING', text: /RMAN sessions of an earlier run still work.*cafe0001-abcdefgh12/ }, withConfig((_, settings) => { settings['sessionDeadlineSeconds'] = 1 }))
  }, timeout)
})

describe('configure', () => {
  it('is refused a value that somebody else set', async () => {
    const configure = async (text: string): Promise<void> => {
      const { exitCode, stdout } = await stage.rman('prod', `connect target /@${database}\n${text}\nexit\n`)
      if (exitCode !== 0) throw new Error(stdout)
    }
    await configure('configure retention policy to redundancy 3;')
    undos.push(() => configure('configure retention policy to recovery window of 2 days;'))
    await refused({ code: 'ICB_BACKUP_REFUSED_FOREIGN_VALUE', text: /RETENTION|retention/ }, {}, ['configure', database, '--yes'])
  }, timeout)
})

it('passes when nothing is in its way, so that each refusal above has its own cause', async () => {
  const { exitCode, error } = await stage.icbJson('prod', ['backup', database])
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined })
}, timeout)
