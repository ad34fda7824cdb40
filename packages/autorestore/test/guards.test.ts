import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, copyFileSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createStage, hungFilesystemLacks, loopFilesystemLacks, makeLoopFilesystem, mountHungFilesystem, noteGuardCase, runningPrograms, treeState } from '@icb/testing'
import type { IcbDocument, IcbRunOptions, Stage } from '@icb/testing'
import { hostFacts } from '@icb/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

/**
 * Planted dangers, each met by the built command line as an unprivileged user. The production database keeps some of its files at
 * paths that exist on this machine for real ("the san"); for the tests its host is shut down and the san is taken away, so that the
 * undamaged neighbour passes and each case can put one thing back. Each case compares checksums of all that must not change, and is
 * a row of the table of `npm run proof:guards`.
 */

const root = process.getuid?.() === 0
const database = `t${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
const timeout = 180_000

let stage: Stage
let san: string
/** A point that is whole; one whose manifest lists a file of every kind; one whose manifest lists none, so that only the control file tells. */
let good: string
let listed: string
let unlisted: string
/** One whose manifest lists a data file in a disk group. */
let grouped: string
/** The test that runs. */
let current: { readonly meta: object }
beforeEach(({ task }) => { current = task })

interface Planted {
  readonly undo: () => void
}

const undos: (() => void)[] = []

function own(path: string): void {
  const { user } = stage.programs
  if (user !== undefined && !lstatSync(path).isSymbolicLink()) chownSync(path, user.uid, user.gid)
}

function must<T extends { readonly exitCode: number | null }>(result: T, what: string): T {
  if (result.exitCode !== 0) throw new Error(`${what}: ${JSON.stringify(result)}`)
  return result
}

async function sql(text: string): Promise<void> {
  must(await stage.sqlplus('prod', `whenever sqlerror exit failure\nconn /@${database} as sysdba\n${text}\nexit\n`), text)
}

interface RawManifest {
  sourcePaths: Record<string, unknown>
  database: Record<string, unknown>
  state: string
  window?: unknown
}

function manifestPath(): string {
  return join(stage.areaPath, 'icb-manifest.json')
}

/** A snapshot of the area with a changed manifest, recorded in the index as it lies. */
async function snapshotWith(change: (manifest: RawManifest) => void): Promise<string> {
  const before = readFileSync(manifestPath(), 'utf8')
  const manifest = JSON.parse(before) as RawManifest
  change(manifest)
  writeFileSync(manifestPath(), `${JSON.stringify(manifest, null, 2)}\n`)
  const config = stage.variant('prod', 'storage-only', (_, settings) => {
    delete settings['oracleHome']
  })
  try {
    const made = must(await stage.icbJson('prod', ['snapshot', 'create', database], { config }), 'snapshot create')
    return (made.result as { snapshot: string }).snapshot
  } finally {
    writeFileSync(manifestPath(), before)
  }
}

function store(): string {
  return join(dirname(stage.areaPath), '.icb-snapshots', database)
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function instances(sid: string): readonly number[] {
  return runningPrograms().filter((program) => program.arguments[0]?.toLowerCase() === `ora_pmon_${sid.toLowerCase()}`).map((program) => program.pid)
}

/** Everything that a refused test must leave as it was. */
function world(): World {
  // The directory of all clones is made with the first one.
  const clones = Object.fromEntries(Object.entries(treeState(join(store(), 'clones'))).filter(([path]) => path !== ''))
  const production = treeState(join(stage.labDirectory, 'hosts', 'prod', 'root'))
  return { area: treeState(stage.areaPath), production, san: treeState(san), scratch: treeState(stage.scratch), clones, snapshots: names(join(store(), 'snapshots')), instances: instances(stage.slot) }
}

interface World extends Readonly<Record<'area' | 'production' | 'san' | 'scratch' | 'clones', Readonly<Record<string, string>>>> {
  readonly snapshots: readonly string[]
  readonly instances: readonly number[]
}

function countFiles({ area, production, san: planted, scratch, clones }: World): number {
  return [area, production, planted, scratch, clones].reduce((sum, tree) => sum + Object.keys(tree).length, 0)
}

interface Refusal {
  readonly exitCode: number
  readonly outcome?: string
  readonly code: string
  readonly text: string
}

function refusalOf(document: IcbDocument): Refusal {
  const [test] = (document.result as { restoreTests?: { verdict?: { outcome: string; reasons: { code: string; text: string }[] }; error?: { code: string; message: string } }[] } | undefined)?.restoreTests ?? []
  const reason = test?.verdict?.reasons[0]
  if (test?.verdict !== undefined && reason !== undefined) return { exitCode: document.exitCode, outcome: test.verdict.outcome, code: reason.code, text: reason.text }
  return { exitCode: document.exitCode, code: document.error?.code ?? 'none', text: document.error?.message ?? '' }
}

async function restoreTest(snapshot: string, options?: IcbRunOptions): Promise<Refusal> {
  return refusalOf(await stage.icbJson('sandbox', ['restore-test', database, '--snapshot', snapshot], options))
}

interface Expected {
  readonly text: RegExp
  readonly exitCode?: number
  readonly code?: string
  readonly outcome?: string
}

interface Planting {
  /** Planted after the world was looked at and undone before it is looked at again: for what this process must not look at. */
  readonly meanwhile?: () => () => void
}

/** Runs a command and proves that it was refused, and that nothing is different now. */
async function refusedRun(run: () => Promise<Refusal>, expected: Refusal | { readonly [key in keyof Refusal]?: unknown }, { meanwhile }: Planting = {}): Promise<void> {
  const before = world()
  const undo = meanwhile?.()
  if (undo !== undefined) undos.push(undo)
  const refusal = await run()
  if (undo !== undefined) undos.pop()?.()
  expect(refusal).toEqual(expected)
  expect(world()).toEqual(before)
  noteGuardCase(current, { exitCode: refusal.exitCode, code: refusal.code, reason: refusal.text.replaceAll(stage.directory, '…'), unchangedFiles: countFiles(before) })
}

/** The restore test of a snapshot is refused. */
async function refused(snapshot: string, expected: Expected, options?: IcbRunOptions & Planting): Promise<void> {
  await refusedRun(() => restoreTest(snapshot, options), { exitCode: expected.exitCode ?? 3, code: expected.code ?? 'GUARD_REFUSED', text: expect.stringMatching(expected.text) as unknown, ...(expected.code === undefined || expected.outcome !== undefined ? { outcome: expected.outcome ?? 'inconclusive' } : {}) }, options)
}

/** Ways to put something where production's file would be. */
const plants: Readonly<Record<string, (path: string) => Planted>> = {
  'a file': (path) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'production data')
    own(path)
    return { undo: () => { rmSync(path) } }
  },
  'a directory': (path) => {
    mkdirSync(path, { recursive: true })
    return { undo: () => { rmSync(path, { recursive: true }) } }
  },
  'a dangling link': (path) => {
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(stage.directory, 'nowhere'), path)
    return { undo: () => { rmSync(path) } }
  },
  'a link to a file elsewhere': (path) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(join(stage.directory, 'elsewhere'), 'production data')
    symlinkSync(join(stage.directory, 'elsewhere'), path)
    return { undo: () => { rmSync(path); rmSync(join(stage.directory, 'elsewhere')) } }
  },
  'a file behind a linked directory': (path) => {
    const real = join(stage.directory, 'real')
    mkdirSync(real)
    writeFileSync(join(real, basename(path)), 'production data')
    mkdirSync(dirname(dirname(path)), { recursive: true })
    symlinkSync(real, dirname(path))
    return { undo: () => { rmSync(dirname(path)); rmSync(real, { recursive: true }) } }
  },
  'a link to itself': (path) => {
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(path, path)
    return { undo: () => { rmSync(path) } }
  },
}

function plant(how: string, path: string): void {
  undos.push(plants[how]!(path).undo)
}

beforeAll(async () => {
  stage = await createStage({ database })
  san = join(stage.directory, 'san')
  mkdirSync(san)
  own(san)
  must(await stage.icb('prod', ['configure', database, '--yes']), 'configure')
  await sql(`create tablespace san datafile '${san}/san01.dbf' size 1M;\nalter database disable block change tracking;\nalter database enable block change tracking using file '${san}/bct.chg';`)
  must(await stage.icb('prod', ['backup', database]), 'first backup')
  const second = must(await stage.icbJson('prod', ['backup', database]), 'second backup').result as { snapshot: { name: string } }
  good = second.snapshot.name
  must(await stage.lab(['stop', stage.labDirectory, database]), 'lab stop')
  renameSync(san, join(stage.directory, 'san-of-production'))
  mkdirSync(san)
  own(san)
  // The area of the day before yesterday, so that manifest and control file are those of a closed window.
  const closed = join(store(), 'snapshots', good, 'tree')
  for (const name of readdirSync(closed).filter((entry) => entry.startsWith('controlfile_') || entry === 'icb-manifest.json')) {
    copyFileSync(join(closed, name), join(stage.areaPath, name))
    chmodSync(join(stage.areaPath, name), 0o640)
    own(join(stage.areaPath, name))
  }
  const kinds = { datafiles: [join(san, 'data', 'system01.dbf')], logs: [join(san, 'logs', 'redo01.log')], tempfiles: [join(san, 'temp', 'temp01.dbf')], controlFiles: [join(san, 'control', 'control01.ctl')], flashbackLogs: [join(san, 'flashback', 'f1.flb')] }
  listed = await snapshotWith((manifest) => { manifest.sourcePaths = { ...manifest.sourcePaths, ...kinds, bct: join(san, 'bct', 'tracking.chg') } })
  unlisted = await snapshotWith((manifest) => {
    manifest.sourcePaths = { ...manifest.sourcePaths, datafiles: [], logs: [], tempfiles: [], controlFiles: [], flashbackLogs: [] }
    delete manifest.sourcePaths['bct']
  })
  grouped = await snapshotWith((manifest) => { manifest.sourcePaths = { ...manifest.sourcePaths, datafiles: ['+DATA/ORCL/DATAFILE/system.256.1'] } })
}, 300_000)

afterEach(() => {
  for (const undo of undos.splice(0).reverse()) undo()
  rmSync(san, { recursive: true, force: true })
  mkdirSync(san)
  own(san)
})

afterAll(async () => {
  for (const undo of undos.splice(0).reverse()) undo()
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('an undisturbed sandbox', () => {
  it('passes, so that each refusal below has its own cause', async () => {
    const document = await stage.icbJson('sandbox', ['restore-test', database, '--snapshot', good])
    expect(document).toMatchObject({ ok: true, exitCode: 0 })
    expect(readdirSync(stage.scratch)).toEqual(['.icb-sandbox'])
  }, timeout)
})

describe('a path that the manifest lists', () => {
  it.each([
    ['data file', 'data/system01.dbf'],
    ['online log', 'logs/redo01.log'],
    ['temp file', 'temp/temp01.dbf'],
    ['control file', 'control/control01.ctl'],
    ['flashback log', 'flashback/f1.flb'],
    ['change tracking file', 'bct/tracking.chg'],
  ])('refuses a %s that is here', async (what, path) => {
    plant('a file', join(san, path))
    await refused(listed, { text: new RegExp(`${what} ${join(san, path)} of the source database exists on this host`) })
  }, timeout)

  it.each(['a directory', 'a dangling link', 'a link to a file elsewhere', 'a file behind a linked directory'])('refuses %s of its name', async (how) => {
    plant(how, join(san, 'data', 'system01.dbf'))
    await refused(listed, { text: /data file .*system01\.dbf of the source database exists on this host/ })
  }, timeout)

  it('refuses what cannot be told: a link to itself', async () => {
    plant('a link to itself', join(san, 'data', 'system01.dbf'))
    await refused(listed, { text: /system01\.dbf/ })
  }, timeout)

  it('refuses what cannot be told: a directory that may not be read', async () => {
    const directory = join(san, 'data')
    plant('a file', join(directory, 'system01.dbf'))
    own(directory)
    await refused(listed, { text: /cannot be told whether data file/ }, { meanwhile: () => { chmodSync(directory, 0o000); return () => { chmodSync(directory, 0o755) } } })
  }, timeout)
})

function mount(...args: readonly string[]): void {
  execFileSync('mount', args)
  undos.push(() => { execFileSync('umount', [args.at(-1)!]) })
}

describe.skipIf(!root)('a path that is reached through a mount (root: for the mounts)', () => {
  const here = (): string => join(san, 'data')
  const text = /data file .*system01\.dbf of the source database exists on this host/

  it('refuses a data file below a bind mount', async () => {
    const real = join(stage.directory, 'bound')
    for (const directory of [real, here()]) mkdirSync(directory)
    undos.push(() => { rmSync(real, { recursive: true }) })
    writeFileSync(join(real, 'system01.dbf'), 'production data')
    mount('--bind', real, here())
    await refused(listed, { text })
  }, timeout)

  it.skipIf(loopFilesystemLacks('xfs') !== undefined)('refuses a data file on another mount of the same device', async () => {
    const filesystem = await makeLoopFilesystem({ type: 'xfs' })
    try {
      writeFileSync(join(filesystem.path, 'system01.dbf'), 'production data')
      mkdirSync(here())
      mount(execFileSync('findmnt', ['-n', '-o', 'SOURCE', filesystem.path], { encoding: 'utf8' }).trim(), here())
      await refused(listed, { text })
    } finally {
      for (const undo of undos.splice(0).reverse()) undo()
      await filesystem.dispose()
    }
  }, timeout)

  it.skipIf(hungFilesystemLacks() !== undefined)('refuses, and ends, when the file system of a path does not answer', async () => {
    mkdirSync(here())
    await refused(listed, { text: /cannot be told whether data file .*: the file system does not answer/ }, { meanwhile: () => { const hung = mountHungFilesystem(here()); return () => { hung.dispose() } } })
  }, timeout)

  describe('the backup area', () => {
    /** A storage that exports its volume by NFS; a guard must stop the test before it is asked for anything else. */
    const exporting = `export const adapter = {
      name: 'exporting', apiVersion: 1, options: { safeParse: (data) => ({ success: true, data }) },
      open: async () => ({
        capabilities: { atomic: true, atomicGroup: false, clones: true, thinClones: true, spaceAccounting: false, holds: false, labels: false, maxNameLength: 200 },
        describe: async () => ({ name: 'orcl', mounts: [{ kind: 'nfs', server: 'filer', path: '/export/orcl', options: '' }], mechanism: 'x', warnings: [] }),
        listSnapshots: async function* () {}, listClones: async function* () {},
      }),
    }`
    const areaAt = (place: string): string => {
      mkdirSync(place)
      undos.push(() => { rmdirSync(place) })
      writeFileSync(join(stage.directory, 'exporting.mjs'), exporting)
      return stage.variant('sandbox', 'exporting', (_, settings) => { Object.assign(settings, { areaPath: place, storage: { adapter: './exporting.mjs' } }) })
    }
    const areaMounted = (options: string, source: string): string => {
      const place = join(stage.directory, 'area-here')
      const config = areaAt(place)
      mount('-t', 'tmpfs', '-o', options, source, place)
      return config
    }

    it.skipIf(hungFilesystemLacks() !== undefined)('refuses, and ends, when it does not answer', async () => {
      const place = join(stage.directory, 'dead-area')
      const config = areaAt(place)
      await refused(good, { text: /backup area .* is on a file system that does not answer/ }, { config, timeoutMs: 60_000, meanwhile: () => { const hung = mountHungFilesystem(place); return () => { hung.dispose() } } })
    }, timeout)

    it.each(['filer:/export/orcl', '10.0.0.17:/export/orcl'])('refuses it mounted writable from %s', async (source) => {
      const config = areaMounted('rw,size=1m', source)
      await refused(good, { text: new RegExp(`live backup area ${source} is mounted writable at .*area-here`) }, { config })
    }, timeout)

    it('passes this guard when it is mounted read only', async () => {
      const config = areaMounted('ro,size=1m', 'filer:/export/orcl')
      expect(await restoreTest(good, { config })).toMatchObject({ exitCode: 1, text: expect.stringMatching(/has no snapshot/) as unknown })
    }, timeout)
  })
})

describe('a path that only the control file names', () => {
  it.each(['a file', 'a dangling link'])('refuses a data file that is here as %s', async (how) => {
    plant(how, join(san, 'san01.dbf'))
    await refused(unlisted, { text: /data file .*san01\.dbf of the source database exists on this host/ })
  }, timeout)

  it('refuses a change tracking file', async () => {
    plant('a file', join(san, 'bct.chg'))
    await refused(unlisted, { text: /change tracking file .*bct\.chg of the source database exists on this host/ })
  }, timeout)

  it.skipIf(!root)('refuses online logs and temp files at the paths production really uses (root: they are planted below /u01)', async () => {
    const files = Object.keys(treeState(join(stage.labDirectory, 'hosts', 'prod', 'root', 'u01', 'app', 'oracle', 'oradata', database.toUpperCase())))
    const base = join('/u01/app/oracle/oradata', database.toUpperCase())
    for (const [what, pattern] of [['online log', /^onlinelog\/.*\.log$/], ['temp file', /_temp_.*\.tmp$/]] as const) {
      const path = join(base, files.find((name) => pattern.test(name))!)
      const undo = plantBelowU01(path)
      try {
        await refused(unlisted, { text: new RegExp(`${what} ${path} of the source database exists on this host`) })
      } finally {
        undo()
      }
    }
  }, timeout)
})

/** Makes a file below /u01 with the directories it needs; the answer removes exactly those again. */
function plantBelowU01(path: string): () => void {
  const made: string[] = []
  const makeParent = (directory: string): void => {
    if (lstatSync(directory, { throwIfNoEntry: false }) !== undefined) return
    makeParent(dirname(directory))
    mkdirSync(directory)
    made.push(directory)
  }
  makeParent(dirname(path))
  writeFileSync(path, 'production data', { flag: 'wx' })
  return () => {
    rmSync(path, { force: true })
    for (const directory of made.reverse()) {
      try {
        rmdirSync(directory)
      } catch {
        // Another test plants here, too; whoever is last removes it.
      }
    }
  }
}

describe('what runs on the host', () => {
  /** A process that looks like an instance: all that guards can see of one. */
  async function pretendInstance(sid: string): Promise<ChildProcess> {
    const child = spawn('/bin/sleep', ['300'], { argv0: `ora_pmon_${sid}`, stdio: 'ignore' })
    undos.push(() => { child.kill('SIGKILL') })
    await expect.poll(() => instances(sid).length).toBe(1)
    return child
  }

  it('refuses a data file in a disk group while an ASM instance runs', async () => {
    const sid = `+ASM${stage.slot}`
    const child = spawn('/bin/sleep', ['300'], { argv0: `asm_pmon_${sid}`, stdio: 'ignore' })
    undos.push(() => { child.kill('SIGKILL') })
    await expect.poll(() => runningPrograms().some((program) => program.arguments[0] === `asm_pmon_${sid}`)).toBe(true)
    await refused(grouped, { text: /\+DATA\/ORCL\/DATAFILE\/system\.256\.1 is in a disk group and an ASM instance runs/ })
  }, timeout)

  it.each([['the same case', (sid: string) => sid], ['another case', (sid: string) => sid.toLowerCase()]])('refuses a SID that runs, in %s', async (_, spell) => {
    const child = await pretendInstance(spell(stage.slot))
    await refused(good, { exitCode: 4, code: 'ICB_AUTORESTORE_SLOT_BUSY', text: new RegExp(`in use on this host: ${stage.slot}`) })
    expect(child.exitCode).toBeNull()
  }, timeout)

  it('refuses an instance that has the tested database mounted', async () => {
    const sid = `X${stage.slot.slice(1)}`
    const directory = join(stage.directory, 'elsewhere-mounted')
    const { compatible } = (JSON.parse(readFileSync(manifestPath(), 'utf8')) as { parameters: { compatible: string } }).parameters
    mkdirSync(directory)
    own(directory)
    writeFileSync(join(directory, 'init.ora'), `*.db_name=${database.toUpperCase()}\n*.db_unique_name=${sid}\n*.control_files='${directory}/control.cf'\n*.compatible='${compatible}'\n`)
    const piece = readdirSync(stage.areaPath).find((name) => name.startsWith('controlfile_'))!
    must(await stage.rman('sandbox', `connect target /\nstartup nomount pfile='${directory}/init.ora';\nrestore controlfile from '${join(stage.areaPath, piece)}';\nalter database mount;\nexit\n`, { ORACLE_SID: sid }), 'mounting')
    try {
      await refused(good, { text: new RegExp(`instance ${sid} on this host has the database under test open \\(DBID ${stage.dbid}\\)`) })
      expect(instances(sid)).toHaveLength(1)
    } finally {
      must(await stage.sqlplus('sandbox', 'conn / as sysdba\nshutdown abort\nexit\n', { ORACLE_SID: sid }), 'shutdown')
      rmSync(directory, { recursive: true })
    }
  }, timeout)

  it.skipIf(!root)('refuses root, and leaves nothing of root behind', async () => {
    const before = treeState(join(stage.directory, 'state-sandbox'))
    await refused(good, { code: 'ICB_AUTORESTORE_REFUSED_ROOT', text: /do not run as root/ }, { user: { uid: 0, gid: 0 } })
    expect(treeState(join(stage.directory, 'state-sandbox'))).toEqual(before)
  }, timeout)
})

describe('the scratch directory', () => {
  const withScratch = (path: string): string => stage.variant('sandbox', 'scratch', (_, settings) => { settings.restoreTest!['scratch'] = path })
  const marker = '.icb-sandbox'

  /** A scratch directory of its own that is removed after the test. */
  function directory(name: string, mark?: (path: string) => void): string {
    const path = join(stage.directory, name)
    mkdirSync(path, { recursive: true })
    own(path)
    mark?.(path)
    undos.push(() => { rmSync(path, { recursive: true, force: true }) })
    return path
  }
  function markFor(hostId: string, place?: string): (path: string) => void {
    return (path) => {
      const text = { version: 1, directory: place ?? path, hostId, preparedAt: '2026-01-01T00:00:00.000Z', digest: createHash('sha256').update(`icb-sandbox\0${place ?? path}\0${hostId}`).digest('hex') }
      writeFileSync(join(path, marker), JSON.stringify(text))
    }
  }

  const cases: readonly (readonly [name: string, scratch: () => string, text: RegExp])[] = [
    ['the root directory', () => '/', /is the root or a directory directly below it/],
    ['a directory directly below the root', () => '/tmp', /is the root or a directory directly below it/],
    ['the home directory', () => join(stage.directory, 'home'), /is or contains the home directory/],
    ['a directory that contains the home', () => stage.directory, /is or contains the home directory/],
    ['nothing', () => join(stage.directory, 'missing'), /does not exist/],
    ['a file', () => { const path = directory('holder'); writeFileSync(join(path, 'file'), 'x'); return join(path, 'file') }, /is not a directory/],
    ['a link to the marked directory', () => { const path = join(directory('links'), 'scratch'); symlinkSync(stage.scratch, path); return path }, /is a symbolic link/],
    ['a directory reached through a link', () => {
      const path = directory('real-parent')
      mkdirSync(join(path, 'scratch'))
      own(join(path, 'scratch'))
      symlinkSync(path, join(stage.directory, 'linked-parent'))
      undos.push(() => { rmSync(join(stage.directory, 'linked-parent')) })
      return join(stage.directory, 'linked-parent', 'scratch')
    }, /is reached through a link/],
    ['a directory of another user', () => '/usr/lib', /belongs to another user/],
    ['an unmarked directory', () => directory('unmarked'), /carries no sandbox marker/],
    ['a directory marked for another host', () => directory('foreign', markFor('ffffffff')), /made for .* on host ffffffff/],
    ['a marked directory that was moved', () => directory('moved', markFor(hostFacts().hostId, '/somewhere/else')), /made for \/somewhere\/else/],
    ['a marker that is a link', () => directory('linked-marker', (path) => { symlinkSync(join(stage.scratch, marker), join(path, marker)) }), /carries no sandbox marker/],
    ['a directory in the backup area', () => { const path = join(stage.areaPath, 'scratch'); mkdirSync(path); own(path); undos.push(() => { rmSync(path, { recursive: true }) }); return path }, /overlaps .*backup/],
    ['a directory around the backup area', () => dirname(stage.areaPath), /overlaps .*backup/],
  ]
  const mounted: typeof cases = [
    ['a mount point', () => { const path = directory('mounted'); mount('-t', 'tmpfs', '-o', 'size=1m', 'scratch', path); own(path); markFor(hostFacts().hostId)(path); return path }, /is a mount point/],
    ['a directory with a mount below it', () => { const path = directory('mounted-below', markFor(hostFacts().hostId)); mkdirSync(join(path, 'inner')); mount('-t', 'tmpfs', '-o', 'size=1m', 'inner', join(path, 'inner')); return path }, /has .*inner mounted below it/],
  ]
  it.each(root ? [...cases, ...mounted] : cases)('refuses %s', async (_, make, text) => {
    const path = make()
    const before = path.startsWith(stage.directory) && path !== stage.directory ? treeState(path) : {}
    await refused(good, { text }, { config: withScratch(path) })
    if (path.startsWith(stage.directory) && path !== stage.directory) expect(treeState(path)).toEqual(before)
  }, timeout)
})

describe('the configuration', () => {
  it('refuses a DBID that is not the one of the recovery point', async () => {
    const config = stage.variant('sandbox', 'dbid', (_, settings) => { settings['dbid'] = String(Number(stage.dbid) + 1) })
    await refused(good, { text: new RegExp(`DBID ${stage.dbid}; configured is ${database}, DBID ${String(Number(stage.dbid) + 1)}`) }, { config })
  }, timeout)

  it.each(['log_archive_dest_2', 'control_files', 'db_create_file_dest'])('refuses the protected parameter %s', async (name) => {
    const config = stage.variant('sandbox', 'parameter', (_, settings) => { settings.restoreTest!['initParameters'] = { [name]: '/somewhere' } })
    await refused(good, { text: new RegExp(`extra parameter ${name} is protected`) }, { config })
  }, timeout)

  it.each(["200\n*.control_files='/somewhere'", { value: 'x' }])('refuses a parameter value that would smuggle in another: %j', async (value) => {
    const config = stage.variant('sandbox', 'parameter', (_, settings) => { settings.restoreTest!['initParameters'] = { processes: value } })
    await refused(good, { exitCode: 2, code: 'ICB_CONFIG_INVALID_VALUE', text: /restoreTest\.initParameters/ }, { config })
  }, timeout)

  it('refuses a mount point where something else is mounted', async () => {
    const config = stage.variant('sandbox', 'mount', (_, settings) => { Object.assign(settings.restoreTest!, { mount: 'already-mounted', mountPoint: '/proc' }) })
    await refused(good, { text: /\/proc is a mount of proc, not of the clone/ }, { config })
  }, timeout)
})

describe('a clone that is not of this database', () => {
  let foreign: string
  beforeEach(() => {
    foreign = join(store(), 'clones', `${database}-fixed`)
    mkdirSync(foreign, { recursive: true })
    writeFileSync(join(foreign, 'precious'), 'somebody else needs this')
    own(foreign)
  })
  afterEach(() => { rmSync(foreign, { recursive: true, force: true }) })

  it('is neither used nor removed', async () => {
    const config = stage.variant('sandbox', 'fixed', (_, settings) => { Object.assign(settings.restoreTest!, { mount: 'fstab', mountPoint: join(stage.directory, 'no-mount'), cloneName: `${database}-fixed` }) })
    await refused(good, { exitCode: 1, code: 'STORAGE_FAILED', outcome: 'inconclusive', text: /fixed/ }, { config })
    expect(readFileSync(join(foreign, 'precious'), 'utf8')).toBe('somebody else needs this')
  }, timeout)
})

describe('a recovery point that is not one', () => {
  it('refuses the manifest of another database: DBID', async () => {
    const snapshot = await snapshotWith((manifest) => { manifest.database['dbid'] = '4242' })
    await refused(snapshot, { text: /DBID 4242/ })
  }, timeout)

  it('refuses the manifest of another database: unique name', async () => {
    const snapshot = await snapshotWith((manifest) => { manifest.database['uniqueName'] = 'standby9' })
    await refused(snapshot, { text: /standby9/ })
  }, timeout)

  it('fails on a refresh that had begun and not ended', async () => {
    const snapshot = await snapshotWith((manifest) => {
      manifest.state = 'refreshing'
      delete manifest.window
    })
    await refused(snapshot, { exitCode: 1, code: 'NOT_A_RECOVERY_POINT', outcome: 'failed', text: /a refresh had begun and not ended/ })
  }, timeout)

  it('fails on a manifest that is not the one recorded in the index', async () => {
    const snapshot = await snapshotWith(() => undefined)
    const path = join(store(), 'snapshots', snapshot, 'tree', 'icb-manifest.json')
    const text = readFileSync(path, 'utf8')
    chmodSync(path, 0o640)
    writeFileSync(path, text.replace('"parameters": {', '"parameters": { "audit_trail": "DB",'))
    await refused(snapshot, { exitCode: 1, code: 'MANIFEST_MISMATCH', outcome: 'failed', text: /not the one that was recorded/ })
  }, timeout)

  it('fails on a snapshot without a manifest', async () => {
    const snapshot = await snapshotWith(() => undefined)
    const tree = join(store(), 'snapshots', snapshot, 'tree')
    chmodSync(tree, 0o755)
    rmSync(join(tree, 'icb-manifest.json'))
    await refused(snapshot, { exitCode: 1, code: 'NOT_A_RECOVERY_POINT', outcome: 'failed', text: /has no icb-manifest\.json/ })
  }, timeout)
})

describe('an RMAN that does something else than it was told', () => {
  /** Puts a filter of scripts before the sandbox's RMAN: what its control file then says is the real thing. */
  function filterScripts(filter: string): void {
    const program = join(stage.labDirectory, 'hosts', 'sandbox', 'home', 'bin', 'rman')
    renameSync(program, `${program}.real`)
    writeFileSync(program, `#!/bin/sh\nsed ${filter} | exec '${program}.real' "$@"\n`)
    chmodSync(program, 0o755)
    undos.push(() => { renameSync(`${program}.real`, program) })
  }
  const copyOfUsers = (): string => join(stage.areaPath, names(stage.areaPath).find((name) => name.includes('TS-USERS'))!)

  it('is stopped before recovery when no file was switched', async () => {
    filterScripts("'/^SWITCH DATABASE TO COPY/d'")
    await refused(good, { exitCode: 1, code: 'SWITCH_INCOMPLETE', outcome: 'failed', text: /file 1 is still / })
  }, timeout)

  it('is stopped before recovery when a file was switched to its copy in the live area', async () => {
    filterScripts(`"s|^SWITCH DATABASE TO COPY;|&\\nCATALOG DATAFILECOPY '${copyOfUsers()}';\\nSWITCH DATAFILE 4 TO COPY;|"`)
    await refused(good, { exitCode: 1, code: 'SWITCH_INCOMPLETE', outcome: 'failed', text: /file 4 is still .*TS-USERS/ })
  }, timeout)

  it('is stopped before recovery when a log of the live area is cataloged', async () => {
    const log = names(join(stage.areaPath, 'archivelog')).at(-1)!
    filterScripts(`"s|^SWITCH DATABASE TO COPY;|CATALOG ARCHIVELOG '${join(stage.areaPath, 'archivelog', log)}';\\n&|"`)
    await refused(good, { text: /archived log .*archivelog.* is not in the clone or the scratch directory/ })
  }, timeout)
})

describe('a restore to a point in time', () => {
  const sid = (): string => `R${stage.slot.slice(1)}`
  const restore = async (options?: IcbRunOptions): Promise<Refusal> => {
    const entries = readFileSync(join(stage.areaPath, '.icb', 'points.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { snapshot: string; lastScn?: string })
    const document = await stage.icbJson('sandbox', ['restore', database, '--to', entries.find((entry) => entry.snapshot === good)!.lastScn!, '--sid', sid(), '--yes'], options)
    return { exitCode: document.exitCode, code: document.error?.code ?? 'none', text: document.error?.message ?? '' }
  }
  const expectRefusal = (code: string, text: RegExp): { readonly [key in keyof Refusal]?: unknown } => ({ exitCode: 3, code: `ICB_AUTORESTORE_${code}`, text: expect.stringMatching(text) as unknown })

  it('refuses a path of production', async () => {
    for (const path of [join(san, 'data', 'system01.dbf'), join(san, 'san01.dbf')]) plant('a file', path)
    await refusedRun(() => restore(), expectRefusal('REFUSED_PATH', /of the source database exists on this host/))
  }, timeout)

  it('refuses a SID that runs', async () => {
    const child = spawn('/bin/sleep', ['300'], { argv0: `ora_pmon_${sid()}`, stdio: 'ignore' })
    undos.push(() => { child.kill('SIGKILL') })
    await expect.poll(() => instances(sid()).length).toBe(1)
    await refusedRun(() => restore(), expectRefusal('REFUSED_INSTANCE', /already runs on this host/))
  }, timeout)

  it('refuses a scratch directory without a marker', async () => {
    const path = join(stage.directory, 'no-marker')
    mkdirSync(path)
    own(path)
    undos.push(() => { rmdirSync(path) })
    const config = stage.variant('sandbox', 'no-marker', (_, settings) => { settings.restoreTest!['scratch'] = path })
    await refusedRun(() => restore({ config }), expectRefusal('REFUSED_SCRATCH', /carries no sandbox marker/))
  }, timeout)

  it.skipIf(!root)('refuses root', async () => {
    await refusedRun(() => restore({ user: { uid: 0, gid: 0 } }), expectRefusal('REFUSED_ROOT', /do not run as root/))
  }, timeout)
})

it('still passes at the end, with nothing left of any case', async () => {
  const document = await stage.icbJson('sandbox', ['restore-test', database, '--snapshot', good])
  expect(document).toMatchObject({ ok: true, exitCode: 0 })
  expect(readdirSync(stage.scratch)).toEqual(['.icb-sandbox'])
  expect(names(join(store(), 'clones'))).toEqual([])
  expect(instances(stage.slot)).toEqual([])
}, timeout)
