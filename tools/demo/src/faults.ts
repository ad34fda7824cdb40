import { networkHostsLack, createStage, ontapStage, zfssaStage } from '@icb/testing'
import type { OntapStageStorage, StageHost, StagePlace, ZfssaStageStorage } from '@icb/testing'
import { readdirSync } from 'node:fs'
import { ontapUnderFaults, zfssaUnderFaults } from './array-under-faults.ts'
import type { ArrayTruth, ArrayUnderFaults, FaultKind } from './array-under-faults.ts'

// Faults between the product and its array, in the calls of real backup, clean and restore-test commands. A command that a fault has
// made fail is run once more without faults, as the next night would; then nothing may be lost and nothing left over.

function option(name: string, otherwise: string): string {
  const index = process.argv.indexOf(`--${name}`)
  return index < 0 ? otherwise : (process.argv[index + 1] ?? otherwise)
}

const storage = option('storage', 'zfssa')
const wanted = Number(option('faults', '300'))
const seed = Number(option('seed', '1'))
const minRedundancy = 2
/** What a command is meant to survive by calling again. */
const passingKinds: readonly FaultKind[] = ['cut-before', 'cut-after', '503', 'html', 'slow']

const say = (text: string): void => { process.stdout.write(`${text}\n`) }

/** mulberry32 */
function randomOf(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface PlannedFault {
  readonly kind: FaultKind
  readonly after: number
}

interface Command {
  readonly name: string
  readonly host: StageHost
  readonly args: readonly string[]
}

interface Problem {
  readonly kind: 'lost' | 'left over' | 'wrong verdict' | 'not converged'
  readonly text: string
}

interface TestResult {
  readonly restoreTests?: readonly { readonly verdict?: { readonly outcome: string } }[]
}

/** What is wrong with the array after a command and, if that failed, the next normal run of it. */
function judge(before: ArrayTruth, after: ArrayTruth, cleaned: boolean): Problem[] {
  const problems: Problem[] = []
  const [first = [], ...others] = after.snapshots
  const all = new Set(after.snapshots.flat())
  for (const name of all) if (!after.snapshots.every((list) => list.includes(name))) problems.push({ kind: 'left over', text: `snapshot ${name} is not on all volumes` })
  if (others.length === 0 && first.length !== all.size) problems.push({ kind: 'left over', text: 'a snapshot is there twice' })
  // Names sort by time. Retention keeps the newest ones, and at most one more: the newest that is proven.
  const newest = [...all].sort().slice(-minRedundancy)
  const gone = [...new Set(before.snapshots.flat())].filter((name) => !all.has(name))
  const floor = [...new Set([...before.snapshots.flat(), ...all])].sort().slice(-minRedundancy)
  for (const name of floor.filter((each) => gone.includes(each))) problems.push({ kind: 'lost', text: `snapshot ${name} is gone` })
  if (cleaned && all.size > newest.length + 1) problems.push({ kind: 'left over', text: `${String(all.size)} snapshots after cleaning: ${[...all].sort().join(', ')}` })
  for (const name of after.clones) problems.push({ kind: 'left over', text: `clone ${name}` })
  return problems
}

async function main(): Promise<number> {
  const lacking = networkHostsLack()
  if (lacking !== undefined || (storage !== 'zfssa' && storage !== 'ontap') || !Number.isInteger(wanted) || !Number.isInteger(seed)) {
    process.stderr.write(lacking === undefined ? 'usage: npm run faults -- [--storage zfssa|ontap] [--faults <n>] [--seed <n>]\n' : `faults: ${lacking} (Debian, as root: apt-get install mergerfs zfs-fuse)\n`)
    return 2
  }
  let array: ArrayUnderFaults | undefined
  const make = async (place: StagePlace): Promise<ZfssaStageStorage | OntapStageStorage> => {
    if (storage === 'zfssa') {
      const made = await zfssaStage()(place)
      array = zfssaUnderFaults(made, place.database)
      return made
    }
    const made = await ontapStage()(place)
    array = ontapUnderFaults(made, place.database)
    return made
  }
  await using stage = await createStage({ storage: make, databaseConfig: { retention: { keepDays: 0, keepMonths: 0, minRedundancy } } })
  if (array === undefined) throw new Error('there is no array')
  const { database } = stage
  const { description, hosts } = stage.storage as ZfssaStageStorage | OntapStageStorage
  const leftOnSandbox = async (): Promise<Problem[]> => {
    const directories = readdirSync(stage.scratch).filter((name) => name.startsWith('run-'))
    const instances = (await stage.lab(['status', stage.labDirectory, '--json'], { onStdout: () => undefined })).stdout.includes(`"${stage.slot}"`) ? [stage.slot] : []
    const mounts = hosts.mountsBelow(`${hosts.root('sandbox')}/autorestore`)
    return [...directories, ...instances.map((sid) => `instance ${sid}`), ...mounts.map((path) => `mount ${path}`)].map((text) => ({ kind: 'left over', text }))
  }
  say(`${description}; ${String(wanted)} faults, seed ${String(seed)}`)
  const commands: readonly Command[] = [
    { name: 'backup', host: 'prod', args: ['backup', database] },
    { name: 'clean', host: 'prod', args: ['snapshot', 'clean', database] },
    { name: 'restore-test', host: 'sandbox', args: ['restore-test', database, '--validate', 'never'] },
  ]
  const random = randomOf(seed)
  const started = Date.now()
  const problems: Problem[] = []
  const byKind = new Map<FaultKind, number>()
  const lengths = new Map<string, number>()
  let injected = 0
  let runs = 0
  let failedRuns = 0
  const report = (found: readonly Problem[], where: string): void => {
    for (const problem of found) {
      problems.push(problem)
      say(`  ${problem.kind}: ${problem.text} (${where})`)
    }
  }
  const run = async ({ host, args }: Command): Promise<{ readonly ok: boolean; readonly why: string; readonly verdict: string | undefined }> => {
    const document = await stage.icbJson(host, args)
    const verdict = (document.result as TestResult | undefined)?.restoreTests?.[0]?.verdict?.outcome
    return { ok: document.ok, why: `${document.error?.code ?? ''} ${document.error?.message ?? JSON.stringify(document.result)}`, verdict }
  }
  const work = async (): Promise<void> => { await stage.lab(['workload', stage.labDirectory, database, '--transactions', '5'], { onStdout: () => undefined }) }
  const mustRun = async (command: Command): Promise<void> => {
    const result = await run(command)
    if (!result.ok) throw new Error(`${command.name} failed without a fault: ${result.why}`)
  }

  await mustRun({ name: 'configure', host: 'prod', args: ['configure', database, '--yes'] })
  for (let night = 0; night <= minRedundancy; night += 1) {
    await work()
    await mustRun(commands[0] as Command)
  }
  // How many requests each command sends when nothing fails: that is how many places there are for a fault.
  await work()
  for (const command of commands) {
    const { requests } = await array.counts()
    await mustRun(command)
    lengths.set(command.name, (await array.counts()).requests - requests)
  }
  say(`requests of a command: ${[...lengths].map(([name, count]) => `${name} ${String(count)}`).join(', ')}`)

  while (injected < wanted) {
    for (const command of commands) {
      if (injected >= wanted) break
      if (command.name === 'backup') await work()
      const places = lengths.get(command.name) ?? 1
      // Repeated calls make a command longer, so places beyond its usual end are hit too.
      const placed = (kind: FaultKind): PlannedFault => ({ kind, after: Math.floor(random() * places * 1.5) })
      const passing = Array.from({ length: 4 + Math.floor(random() * 8) }, () => placed(passingKinds[Math.floor(random() * passingKinds.length)] ?? 'slow'))
      const end = random() < 0.4 ? placed(random() < 0.5 ? 'down' : '500') : undefined
      // Nothing comes after the array went down, or after an error that is not tried again.
      const all = end === undefined ? passing : [...passing.filter(({ after }) => after < end.after), end]
      const planned = all.slice(0, wanted - injected)
      const before = await array.truth()
      const { injected: sofar } = await array.counts()
      await array.plan(planned)
      const result = await run(command)
      await array.clear()
      const hits = (await array.counts()).injected - sofar
      const counted = Math.min(planned.length, hits)
      injected += counted
      runs += 1
      for (const { kind } of planned.slice(0, counted)) byKind.set(kind, (byKind.get(kind) ?? 0) + 1)
      if (result.verdict === 'failed') report([{ kind: 'wrong verdict', text: 'a fault of the array made a good recovery point fail' }], command.name)
      if (!result.ok) {
        failedRuns += 1
        const again = await run(command)
        if (!again.ok) report([{ kind: 'not converged', text: again.why }], command.name)
      }
      const left: Problem[] = judge(before, await array.truth(), command.name !== 'restore-test')
      left.push(...(await leftOnSandbox()))
      report(left, `${command.name} with ${planned.map(({ kind, after }) => `${kind} at request ${String(after + 1)}`).join(', ')}`)
      say(`${String(injected).padStart(5)} faults  ${command.name.padEnd(13)} ${result.ok ? 'done in spite of' : 'failed, repeated after'} ${planned.map(({ kind, after }) => `${kind}@${String(after + 1)}`).join(' ')}`)
    }
  }
  const count = (kind: Problem['kind']): number => problems.filter((problem) => problem.kind === kind).length
  say(`${String(runs)} commands with faults, ${String(failedRuns)} of them failed and were repeated, in ${String(Math.round((Date.now() - started) / 1000))} s`)
  say(`by kind: ${[...byKind].sort().map(([kind, number]) => `${kind} ${String(number)}`).join(', ')}`)
  say(`wrong verdicts ${String(count('wrong verdict'))}, not converged ${String(count('not converged'))}`)
  say(`${String(injected)} faults, ${String(count('lost'))} lost, ${String(count('left over'))} left over`)
  return problems.length === 0 ? 0 : 1
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`faults: ${(error as Error).message}\n`)
  return 1
})
