import { randomOf } from './random.ts'
import type { Random } from './random.ts'

/**
 * The product's commands that are attacked. `restore resume`: the same restore again after a kill. `restore cleanup`: the removal of a
 * restore that stands or was killed.
 */
export type Command = 'backup' | 'snapshot create' | 'snapshot clean' | 'archivelogs' | 'restore-test' | 'restore' | 'restore resume' | 'restore cleanup'

/** When something is done to a running command. */
export type Trigger =
  | { readonly at: 'step'; readonly step: string; readonly edge: 'started' | 'finished'; readonly offsetMs: number }
  | { readonly at: 'moment'; readonly offsetMs: number }

/** `manifest`: its window is made shorter. `block`: a byte of a block that no redo touches. `log`: the last archived log is gone. `copy`: a copy is gone. */
export type Damage = 'manifest' | 'block' | 'log' | 'copy'
export type CallFault = 'fail' | 'hang' | 'late' | 'lost' | 'cut'
export type StorageCall = 'createSnapshot' | 'listSnapshots' | 'deleteSnapshot' | 'createClone' | 'listClones' | 'deleteClone' | 'describe'
/** `outage`: every call from this one on fails until the command ends. */
export type StorageFault = 'fail' | 'outage' | 'late' | 'lost' | 'lost-for-good'

export type Fault =
  /** SIGKILL of the product alone, or of everything it started too. */
  | { readonly kind: 'kill'; readonly scope: 'product' | 'group'; readonly trigger: Trigger }
  | { readonly kind: 'signal'; readonly signal: 'SIGINT' | 'SIGTERM'; readonly trigger: Trigger }
  /** SIGKILL of the rman or sqlplus that runs then. */
  | { readonly kind: 'kill-child'; readonly trigger: Trigger }
  /** SIGKILL of the instance that the command works on: the database, or the restore test's own. */
  | { readonly kind: 'kill-instance'; readonly trigger: Trigger }
  /** Everything on the command's host dies, and what no program had synced is gone. */
  | { readonly kind: 'power-cut'; readonly trigger: Trigger }
  /** The nth call of a program of the Oracle home. */
  | { readonly kind: 'call'; readonly program: 'rman' | 'sqlplus'; readonly nth: number; readonly fault: CallFault; readonly ms: number }
  /** The nth call of the storage adapter. */
  | { readonly kind: 'storage'; readonly call: StorageCall; readonly nth: number; readonly fault: StorageFault; readonly ms: number }
  /** The ledger's directory takes no row, or is not there. */
  | { readonly kind: 'ledger'; readonly fault: 'read-only' | 'absent' }
  /** The process stands still (SIGSTOP) while its lease is broken and another run does the work; then it goes on. */
  | { readonly kind: 'suspend'; readonly trigger: Trigger }
  /** The same command a second time while the first one runs. */
  | { readonly kind: 'twice'; readonly trigger: Trigger }
  /** RMAN says that it switched to the copies, and one file is left. */
  | { readonly kind: 'half-switch' }
  /** Something in the tested snapshot is changed, and changed back afterwards. */
  | { readonly kind: 'damage'; readonly what: Damage; readonly choice: number }

/** What a restore under attack is to reach. */
export interface RestoreAim {
  /** A place inside the window of a point, or between two points. */
  readonly target: 'window' | 'gap'
  /** Which point and which SCN. */
  readonly choice: number
  readonly open: 'read-only' | 'resetlogs'
  /** Killed when this step begins, before the command that is attacked; absent: it ran to its end. */
  readonly killedAt?: string
  /** What somebody does about an interrupted one: ask for the same again, or remove it. */
  readonly afterwards: 'again' | 'remove'
}

export interface Plan {
  readonly seed: number
  readonly run: number
  readonly command: Command
  readonly fault: Fault
  /** The database is written to while the command runs. */
  readonly busy: boolean
  /** The archive destination in the area takes nothing, also on the next day. */
  readonly brokenDestination: boolean
  /** RMAN reads slowly while the command runs, so that its work outlives what is killed. */
  readonly slowBackup: boolean
  readonly restore?: RestoreAim
}

/** Steps by name and order, as the workflows emit them. A name that no event ever has is a failure of the harness, see `table.ts`. */
export const backupSteps: readonly string[] = [
  'reconcile', 'preflight', 'area-open', 'log-switch', 'window-close', 'snapshot-create', 'manifest-refreshing', 'copies-dropped', 'refresh', 'increments-delete', 'controlfile-backup', 'log-switch-after',
  'manifest-refreshed', 'controlfile-clean', 'archivelogs-delete', 'retention', 'environment', 'housekeeping',
]
export const restoreTestSteps: readonly string[] = [
  'guard-host', 'choose-snapshot', 'create-clone', 'mount-clone', 'read-manifest', 'choose-target', 'guard-manifest-paths', 'prepare-scratch', 'start-instance', 'restore-control-file', 'guard-control-file-paths', 'open-keystore', 'clear-rman-settings',
  'uncatalog', 'catalog-clone', 'detach-source', 'restore-missing-files', 'switch-to-copies', 'guard-before-recovery', 'recover', 'check-headers', 'open-read-only', 'open-keystore-of-pluggables', 'verify',
]
/** Of `icb restore`; the first ones make the plan that an interrupted one goes on with. */
const planningSteps: readonly string[] = ['read-index', 'choose-points', 'confirm', 'plan']
const restoringSteps: readonly string[] = [
  'guard-host', 'find-snapshots', 'create-clone', 'mount-clone', 'read-manifest', 'guard-manifest-paths', 'prepare-scratch', 'start-instance', 'restore-control-file', 'guard-control-file-paths', 'open-keystore', 'clear-rman-settings',
  'uncatalog', 'catalog-clone', 'detach-source', 'restore-missing-files', 'switch-to-copies', 'guard-before-recovery', 'recover', 'check-headers',
]
export const restoreSteps: readonly string[] = [...planningSteps, ...restoringSteps]
/** Only when a second snapshot gives logs. */
export const secondSnapshotSteps: readonly string[] = ['create-logs-clone', 'mount-logs-clone', 'read-logs-manifest']
/** By how it is opened. */
export const openingSteps: Readonly<Record<RestoreAim['open'], readonly string[]>> = {
  'read-only': ['open-read-only', 'open-keystore-of-pluggables'], resetlogs: ['move-online-logs', 'open-resetlogs', 'open-keystore-of-pluggables'],
}

const criticalSteps: ReadonlySet<string> = new Set(['snapshot-create', 'refresh', 'manifest-refreshed', 'archivelogs-delete', 'retention', 'create-clone', 'start-instance', 'switch-to-copies', 'recover'])

/** About how long a command runs, for moments that are not bound to a step; milliseconds. */
const usualMs: Readonly<Record<Command, number>> = { backup: 4000, 'snapshot create': 2200, 'snapshot clean': 450, archivelogs: 1400, 'restore-test': 5200, restore: 5200, 'restore resume': 4200, 'restore cleanup': 900 }

/** About how many calls of each program a command makes. */
const usualCalls: Readonly<Record<Command, Readonly<Record<'rman' | 'sqlplus', number>>>> = {
  backup: { rman: 6, sqlplus: 18 }, 'snapshot create': { rman: 0, sqlplus: 9 }, 'snapshot clean': { rman: 0, sqlplus: 0 }, archivelogs: { rman: 0, sqlplus: 6 }, 'restore-test': { rman: 7, sqlplus: 22 },
  restore: { rman: 7, sqlplus: 20 }, 'restore resume': { rman: 6, sqlplus: 18 }, 'restore cleanup': { rman: 0, sqlplus: 2 },
}

const storageCalls: Readonly<Record<Command, readonly StorageCall[]>> = {
  backup: ['describe', 'createSnapshot', 'createSnapshot', 'listSnapshots', 'deleteSnapshot', 'deleteSnapshot'],
  'snapshot create': ['describe', 'createSnapshot'],
  'snapshot clean': ['describe', 'listSnapshots', 'deleteSnapshot'],
  archivelogs: ['describe'],
  'restore-test': ['describe', 'listSnapshots', 'createClone', 'createClone', 'listClones', 'deleteClone', 'deleteClone'],
  restore: ['describe', 'listSnapshots', 'createClone', 'createClone'],
  'restore resume': ['listSnapshots', 'createClone', 'createClone'],
  'restore cleanup': ['listClones', 'deleteClone'],
}

/** The plan of one run: it follows from seed and number alone. */
export function planOf(seed: number, run: number): Plan {
  const random = randomOf(`${String(seed)}/${String(run)}`)
  const command = random.weighted<Command>({ backup: 42, 'restore-test': 30, restore: 7, 'restore resume': 3, 'restore cleanup': 3, 'snapshot clean': 6, 'snapshot create': 5, archivelogs: 4 })
  const restore = restoreAimOf(random, command)
  const fault = faultOf(random, command, restore)
  return {
    seed, run, command, fault, busy: random.fraction() < 0.5, brokenDestination: random.fraction() < 0.12, slowBackup: command === 'backup' && random.fraction() < (strikesAt(fault, 'refresh') ? 0.7 : 0.15),
    ...(restore === undefined ? {} : { restore }),
  }
}

function restoreAimOf(random: Random, command: Command): RestoreAim | undefined {
  if (command !== 'restore' && command !== 'restore resume' && command !== 'restore cleanup') return undefined
  const open = random.weighted<RestoreAim['open']>({ 'read-only': 2, resetlogs: 1 })
  const killed = command === 'restore resume' || (command === 'restore cleanup' && random.fraction() < 0.5)
  return {
    target: random.weighted<RestoreAim['target']>({ window: 1, gap: 1 }), choice: random.below(1_000_000), open,
    ...(killed ? { killedAt: random.pick([...restoringSteps.slice(2), ...openingSteps[open]]) } : {}),
    afterwards: random.weighted<RestoreAim['afterwards']>({ again: 3, remove: 1 }),
  }
}

function faultOf(random: Random, command: Command, restore: RestoreAim | undefined): Fault {
  const steps = stepsOf(command, restore)
  const calls = usualCalls[command]
  const programs = (['rman', 'sqlplus'] as const).filter((program) => calls[program] > 0)
  const kind = random.weighted<Fault['kind']>({
    kill: 32, signal: 6, 'power-cut': 15, storage: 16,
    'kill-child': programs.length > 0 ? 8 : 0,
    'kill-instance': programs.length > 0 ? 5 : 0,
    call: programs.length > 0 ? 20 : 0,
    ledger: command === 'restore-test' || restore !== undefined ? 6 : 0,
    suspend: command === 'backup' ? 9 : 0,
    twice: command === 'backup' || command === 'restore-test' || command === 'restore' ? 5 : 0,
    'half-switch': command === 'restore-test' ? 4 : 0,
    damage: command === 'restore-test' ? 12 : 0,
  })
  switch (kind) {
    case 'kill': return { kind, scope: random.weighted({ product: 1, group: 1 }), trigger: triggerOf(random, command, steps) }
    case 'signal': return { kind, signal: random.weighted({ SIGINT: 1, SIGTERM: 1 }), trigger: triggerOf(random, command, steps) }
    case 'kill-child':
    case 'kill-instance':
    case 'twice':
    case 'power-cut': return { kind, trigger: triggerOf(random, command, steps) }
    // Not while it holds nothing yet, and not so late that nothing is left to do.
    case 'suspend': return { kind, trigger: { at: 'step', step: random.pick(steps.slice(1, -2)), edge: 'started', offsetMs: random.below(200) } }
    case 'half-switch': return { kind }
    case 'damage': return { kind, what: random.weighted<Damage>({ manifest: 1, block: 2, log: 1, copy: 1 }), choice: random.below(1_000_000) }
    case 'call': {
      const program = random.pick(programs)
      const fault = random.weighted<CallFault>({ fail: 3, lost: 3, cut: 3, late: 2, hang: 1 })
      return { kind, program, nth: 1 + random.below(calls[program]), fault, ms: fault === 'late' ? 300 + random.below(1200) : fault === 'cut' ? random.below(400) : 0 }
    }
    case 'storage': {
      const fault = random.weighted<StorageFault>({ fail: 2, outage: 2, lost: 3, 'lost-for-good': 3, late: 1 })
      return { kind, call: random.pick(storageCalls[command]), nth: 1 + (random.fraction() < 0.3 ? 1 : 0), fault, ms: fault === 'late' ? 200 + random.below(1300) : 0 }
    }
    case 'ledger': return { kind, fault: random.weighted({ 'read-only': 1, absent: 1 }) }
  }
}

function strikesAt(fault: Fault, step: string): boolean {
  return 'trigger' in fault && fault.trigger.at === 'step' && fault.trigger.step === step
}

function stepsOf(command: Command, restore: RestoreAim | undefined): readonly string[] {
  switch (command) {
    case 'backup': return backupSteps
    case 'restore-test': return restoreTestSteps
    case 'restore':
    case 'restore resume': return [...(command === 'restore' ? restoreSteps : restoringSteps), ...(restore?.target === 'gap' ? secondSnapshotSteps : []), ...openingSteps[restore?.open ?? 'read-only']]
    default: return []
  }
}

function triggerOf(random: Random, command: Command, steps: readonly string[]): Trigger {
  if (steps.length === 0 || random.fraction() < 0.2) return { at: 'moment', offsetMs: random.below(usualMs[command]) }
  const edge = random.weighted({ started: 3, finished: 1 })
  // Most at once, where intent and act lie side by side; the others somewhere in the step.
  // Where the world changes most; the others get the rest.
  const critical = steps.filter((step) => criticalSteps.has(step))
  return { at: 'step', step: random.pick(random.fraction() < 0.35 ? critical : steps), edge, offsetMs: random.fraction() < 0.4 ? 0 : random.below(450) }
}

/** Where a plan strikes, for the table: a step, a call, or a moment. */
export function placeOf({ command, fault }: Plan): string {
  switch (fault.kind) {
    case 'call': return `${command}: ${fault.program}`
    case 'storage': return `${command}: storage ${fault.call}`
    case 'ledger': return `${command}: ledger`
    case 'half-switch': return `${command}: rman`
    case 'damage': return `${command}: ${fault.what} in the snapshot`
    default: return `${command}: ${fault.trigger.at === 'step' ? fault.trigger.step : 'any moment'}`
  }
}

/** What a plan does there, for the table. */
export function faultName({ fault }: Plan): string {
  switch (fault.kind) {
    case 'kill': return fault.scope === 'group' ? 'kill all' : 'kill'
    case 'signal': return 'signal'
    case 'call':
    case 'storage': return fault.fault === 'lost-for-good' ? 'lost' : fault.fault === 'outage' ? 'fail' : fault.fault
    case 'ledger': return 'fail'
    case 'half-switch': return 'lie'
    default: return fault.kind
  }
}

/** One line for people, enough to see what is repeated. */
export function describePlan(plan: Plan): string {
  const { fault } = plan
  const when = 'trigger' in fault ? (fault.trigger.at === 'step' ? `${String(fault.trigger.offsetMs)} ms after ${fault.trigger.step} ${fault.trigger.edge}` : `after ${String(fault.trigger.offsetMs)} ms`) : ''
  const what = ((): string => {
    switch (fault.kind) {
      case 'kill': return `kill -9 of the product${fault.scope === 'group' ? ' and all it started' : ''} ${when}`
      case 'signal': return `${fault.signal} ${when}`
      case 'kill-child': return `kill -9 of its child ${when}`
      case 'kill-instance': return `kill -9 of the instance ${when}`
      case 'power-cut': return `power cut ${when}`
      case 'call': return `${fault.program} call ${String(fault.nth)}: ${fault.fault}${fault.ms > 0 ? ` ${String(fault.ms)} ms` : ''}`
      case 'storage': return `storage ${fault.call} ${String(fault.nth)}: ${fault.fault}${fault.ms > 0 ? ` ${String(fault.ms)} ms` : ''}`
      case 'ledger': return `ledger ${fault.fault}`
      case 'suspend': return `stopped ${when}, lease broken, another backup, continued`
      case 'twice': return `started again ${when}`
      case 'half-switch': return 'RMAN leaves a file behind in SWITCH'
      case 'damage': return `${fault.what} of the snapshot changed`
    }
  })()
  return `${plan.command}${plan.restore === undefined ? '' : describeAim(plan.restore)}, ${what}${plan.busy ? ', busy database' : ''}${plan.brokenDestination ? ', broken archive destination' : ''}${plan.slowBackup ? ', slow RMAN' : ''}`
}

function describeAim({ target, open, killedAt, afterwards }: RestoreAim): string {
  return ` (${target === 'gap' ? 'from two snapshots' : 'from one snapshot'}, ${open}${killedAt === undefined ? '' : `, killed at ${killedAt} before`}${afterwards === 'remove' ? ', removed afterwards' : ''})`
}
