import { createStage, networkHostsLack, ontapStage, openZfsStage, zfsPoolLacks, zfssaStage } from '@icb/testing'
import type { StagePlace, StageStorage } from '@icb/testing'
import { narrator, silentNarrator } from './narrator.ts'
import { playScenario } from './scenario.ts'

const storages = ['local', 'openzfs', 'zfssa', 'ontap'] as const
type DemoStorage = (typeof storages)[number]

/** The storage below the backup area, and what stands for it here. */
const makers: Readonly<Record<DemoStorage, ((engine: 'auto' | 'directory') => (place: StagePlace) => Promise<StageStorage & { readonly description?: string }>) | undefined>> = {
  local: undefined,
  openzfs: () => openZfsStage,
  zfssa: (engine) => zfssaStage({ engine }),
  ontap: () => ontapStage(),
}

const lacks: Readonly<Record<DemoStorage, () => string | undefined>> = { local: () => undefined, openzfs: zfsPoolLacks, zfssa: networkHostsLack, ontap: networkHostsLack }
const debianPackage = { local: '', openzfs: 'zfs-fuse', zfssa: 'mergerfs zfs-fuse', ontap: 'mergerfs' } as const

function option(name: string): string | undefined {
  const index = process.argv.indexOf(`--${name}`)
  return index < 0 ? undefined : process.argv[index + 1]
}

const json = process.argv.includes('--json')
const keep = process.argv.includes('--keep')
const wanted = option('storage') ?? 'local'
const storage = storages.find((name) => name === wanted)
const engine = option('engine') ?? 'auto'
const seed = Number(option('seed') ?? '1')
const lacking = storage === undefined ? undefined : lacks[storage]()
if (storage === undefined || !Number.isInteger(seed) || (engine !== 'auto' && engine !== 'directory')) {
  process.stderr.write(`usage: npm run demo -- [--json] [--seed <n>] [--storage ${storages.join('|')}] [--engine auto|directory] [--keep]\n`)
  process.exitCode = 2
} else if (lacking !== undefined) {
  process.stderr.write(`demo: no storage ${storage} here: ${lacking} (Debian, as root: apt-get install ${debianPackage[storage]})\n`)
  process.exitCode = 2
} else {
  const tell = json ? silentNarrator : narrator((text) => { process.stdout.write(text) })
  tell.line('A miniature Oracle database (a simulator: @icb/lab) is backed up, snapshotted, restored from a clone and verified.')
  let description: string | undefined
  const maker = makers[storage]?.(engine)
  const make = async (place: StagePlace): Promise<StageStorage> => {
    const made = await maker?.(place)
    description = made?.description
    if (description !== undefined) tell.line(`The storage: ${description}; the hosts mount it as they would over NFS.`)
    return made ?? { config: { adapter: 'local' }, dispose: () => Promise.resolve() }
  }
  // What a DBA would ask: how fresh is the newest row of the busiest table?
  const stage = await createStage({ storage: make, restoreTest: { verifyQuery: 'select max(beat) from demo.heartbeat' } })
  try {
    tell.line(`Everything happens in ${stage.directory}; two lab hosts: prod and sandbox.`)
    const report = await playScenario(stage, tell, { seed, storage: description === undefined ? storage : `${storage}: ${description}`, now: () => Date.now() })
    if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    process.exitCode = report.ok ? 0 : 1
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n`)
    process.exitCode = 1
  } finally {
    if (keep) tell.line(`kept: ${stage.directory} (lab stop ${stage.labDirectory} ends its instances)`)
    else await stage[Symbol.asyncDispose]()
  }
}
