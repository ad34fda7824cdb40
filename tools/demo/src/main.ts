import { createStage, openZfsStage, zfsPoolLacks } from '@icb/testing'
import { narrator, silentNarrator } from './narrator.ts'
import { playScenario } from './scenario.ts'

const storages = ['local', 'openzfs'] as const

function option(name: string): string | undefined {
  const index = process.argv.indexOf(`--${name}`)
  return index < 0 ? undefined : process.argv[index + 1]
}

const json = process.argv.includes('--json')
const keep = process.argv.includes('--keep')
const storage = option('storage') ?? 'local'
const seed = Number(option('seed') ?? '1')
if (!storages.some((name) => name === storage) || !Number.isInteger(seed)) {
  process.stderr.write(`usage: npm run demo -- [--json] [--seed <n>] [--storage ${storages.join('|')}] [--keep]\n`)
  process.exitCode = 2
} else if (storage === 'openzfs' && zfsPoolLacks() !== undefined) {
  process.stderr.write(`demo: no ZFS here: ${zfsPoolLacks() ?? ''} (Debian: apt-get install zfs-fuse)\n`)
  process.exitCode = 2
} else {
  const tell = json ? silentNarrator : narrator((text) => { process.stdout.write(text) })
  tell.line('A miniature Oracle database (a simulator: @icb/lab) is backed up, snapshotted, restored from a clone and verified.')
  // What a DBA would ask: how fresh is the newest row of the busiest table?
  const stage = await createStage({ ...(storage === 'openzfs' ? { storage: openZfsStage } : {}), restoreTest: { verifyQuery: 'select max(beat) from demo.heartbeat' } })
  try {
    tell.line(`Everything happens in ${stage.directory}; two lab hosts: prod and sandbox.`)
    const report = await playScenario(stage, tell, { seed, storage, now: () => Date.now() })
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
