import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  readArchiveDestinations, readChangeTracking, readEdition, readIdentity, readParameters, readRecoveryArea, readServerParameters,
} from '@icb/oracle'
import type { IdentityRow } from '@icb/oracle'
import { normaliseSetting, settingsOf, showAllScript } from '@icb/rman'
import { isoNow, writeFileDurably } from '@icb/runtime'
import { destinationParameters, planDestinations } from './archive-destination-plan.ts'
import { archivelogDirectory } from './area-path.ts'
import type { DatabaseDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'
import { assertArchivelog, assertIdentity } from './preflight.ts'
import { callRman } from './rman-call.ts'
import { completeSettings } from './settings.ts'

/** One difference between the database and what backups need. */
export interface ConfigureChange {
  /** Stable: `rman.retention-policy`, `change-tracking`, `archive.area`, `archive.recovery-area`, `area.archivelog`. */
  readonly id: string
  readonly title: string
  /** As the database says; absent: its default, or nothing. */
  readonly from?: string
  readonly to: string
  /** True when `from` is neither a default nor something that configure set: changing it needs `takeOver`. */
  readonly foreign: boolean
  readonly statements: readonly { readonly via: 'rman' | 'sql' | 'filesystem'; readonly text: string }[]
}

export interface ConfigurePlan {
  readonly database: string
  readonly changes: readonly ConfigureChange[]
  /** What is already right. */
  readonly unchanged: readonly { readonly id: string; readonly title: string; readonly value: string }[]
  readonly warnings: readonly string[]
}

export interface ConfigureDependencies extends DatabaseDependencies {
  /** A directory outside the area where the old values are kept. */
  readonly stateDir: string
}

export interface ConfigureResult {
  readonly plan: ConfigurePlan
  /** Ids of the changes that were made and read back. */
  readonly applied: readonly string[]
  /** Where the old values are. */
  readonly savedTo?: string
}

/** A value that configure has set, with the one before it. */
interface SavedValue {
  readonly id: string
  readonly before: string | null
  readonly after: string
  readonly at: string
}

/** One line of SHOW ALL. */
interface CurrentSetting {
  readonly name: string
  readonly value: string
  readonly isDefault: boolean
}

/**
 * Compares the database with what backups need; changes nothing. Channels, formats and parallelism are not here: each run brings its own.
 * @throws ICB_BACKUP_REFUSED_IDENTITY, ICB_BACKUP_REFUSED_NOARCHIVELOG; ICB_BACKUP_REFUSED_DESTINATION for LOG_ARCHIVE_DEST/DUPLEX_DEST, an unset recovery area or no free slot.
 */
export async function planConfigure(deps: ConfigureDependencies): Promise<ConfigurePlan> {
  const { sql, signal } = deps
  const settings = completeSettings(deps.settings)
  const identity = await readIdentity(sql, { signal })
  assertIdentity(identity, settings)
  assertArchivelog(identity, settings)
  const saved = await readSaved(deps.stateDir)
  const changes: ConfigureChange[] = []
  const unchanged: { id: string; title: string; value: string }[] = []
  const warnings: string[] = []

  const directory = archivelogDirectory(settings.areaPath)
  if (await stat(directory).then((s) => s.isDirectory(), () => false)) unchanged.push({ id: 'area.archivelog', title: 'Directory of archived logs', value: directory })
  else changes.push({ id: 'area.archivelog', title: 'Make the directory of archived logs', to: directory, foreign: false, statements: [{ via: 'filesystem', text: `mkdir -p ${directory}` }] })

  planRman(deps, identity, saved, await showSettings(deps), { changes, unchanged, warnings })
  await planChangeTracking(deps, identity, { changes, unchanged, warnings })

  const [parameters, serverParameters, rows, recoveryArea] = await Promise.all([
    readParameters(sql, { names: destinationParameters, signal }), readServerParameters(sql, { signal }), readArchiveDestinations(sql, { allInstances: true, signal }), readRecoveryArea(sql, { signal }),
  ])
  const destinations = planDestinations({ settings, parameters, serverParameters, destinations: rows, recoveryArea: recoveryArea?.name ?? undefined })
  if (destinations.unchanged !== undefined) unchanged.push({ id: 'archive.area', title: 'Archive destination', value: destinations.unchanged })
  for (const { statements, ...change } of destinations.changes) changes.push({ ...change, statements: statements.map((text) => ({ via: 'sql' as const, text })) })
  return { database: settings.name, changes, unchanged, warnings }
}

interface PlanLists {
  readonly changes: ConfigureChange[]
  readonly unchanged: { id: string; title: string; value: string }[]
  readonly warnings: string[]
}

/** RMAN's settings as RMAN tells them: the name of the snapshot control file is in no view. */
async function showSettings(deps: ConfigureDependencies): Promise<readonly string[]> {
  const shown: string[] = []
  await callRman(deps, {
    what: 'reading the settings of RMAN', script: showAllScript(), deadlineMs: completeSettings(deps.settings).rmanDeadlineMs,
    onEvent: (event) => {
      if (event.type === 'configuration' && event.state === 'current') shown.push(`${event.isDefault ? '# ' : ''}${event.text}`)
    },
  })
  return shown
}

/** The line of SHOW ALL about a setting; settings of other device types have lines of their own. */
function currentSetting(name: string, shown: readonly string[]): CurrentSetting | undefined {
  for (const line of shown) {
    const isDefault = line.startsWith('# ')
    const text = line.replace(/^# /, '').replace(/^CONFIGURE /i, '').replace(/\s*;$/, '')
    if (!text.toUpperCase().startsWith(`${name} `)) continue
    const value = text.slice(name.length + 1).trim()
    // `CONTROLFILE AUTOBACKUP ON` and `CONTROLFILE AUTOBACKUP FORMAT …` begin alike.
    if (name === 'CONTROLFILE AUTOBACKUP' && /^FORMAT\b/i.test(value)) continue
    if (name.endsWith('DEVICE TYPE') && !/^DISK\b/i.test(value)) continue
    return { name, value, isDefault }
  }
  return undefined
}

function planRman(deps: ConfigureDependencies, identity: IdentityRow, saved: readonly SavedValue[], shown: readonly string[], lists: PlanLists): void {
  const settings = completeSettings(deps.settings)
  const primary = identity.role === 'PRIMARY'
  // RMAN-05021: the retention policy can be set on the primary only.
  if (!primary) lists.warnings.push('the retention policy is not set here: RMAN takes it on the primary only')
  const wanted = settingsOf({
    deletionPolicy: settings.hasDataGuard ? 'applied-on-all-standby' : 'none', backupOptimization: true, controlfileAutobackup: true, autobackupDirectory: settings.areaPath,
    snapshotControlfile: settings.snapshotControlfile, ...(primary ? { recoveryWindowDays: settings.recoveryWindowDays } : {}),
  })
  for (const setting of wanted) {
    const id = `rman.${setting.name.toLowerCase().replace(/ for device type$/, '').replace(/\s+/g, '-')}`
    const title = `RMAN ${setting.name.toLowerCase()}`
    const current = currentSetting(setting.name, shown)
    if (current !== undefined && normaliseSetting(current) === normaliseSetting(setting)) {
      lists.unchanged.push({ id, title, value: setting.value })
      continue
    }
    const set = current === undefined || current.isDefault ? undefined : current
    const ours = set !== undefined && saved.some((s) => s.id === id && normaliseSetting({ name: set.name, value: s.after }) === normaliseSetting(set))
    lists.changes.push({ id, title, to: setting.value, foreign: set !== undefined && !ours, statements: [{ via: 'rman', text: `CONFIGURE ${setting.name} ${setting.value};` }], ...(set === undefined ? {} : { from: set.value }) })
  }
}

async function planChangeTracking(deps: ConfigureDependencies, identity: IdentityRow, lists: PlanLists): Promise<void> {
  const { sql, signal } = deps
  const [tracking, edition, [managed]] = await Promise.all([readChangeTracking(sql, { signal }), readEdition(sql, { signal }), readParameters(sql, { names: ['db_create_file_dest'], signal })])
  const title = 'Block change tracking'
  if (tracking.status !== 'DISABLED') {
    lists.unchanged.push({ id: 'change-tracking', title, value: tracking.filename ?? tracking.status })
    return
  }
  if (!edition.enterprise) {
    lists.warnings.push('block change tracking needs Enterprise Edition: every refresh reads the whole database')
    return
  }
  if (identity.role !== 'PRIMARY') {
    lists.warnings.push('block change tracking on a standby needs the Active Data Guard option and is not enabled')
    return
  }
  if ((managed?.value ?? '') === '') {
    lists.warnings.push('block change tracking is off and DB_CREATE_FILE_DEST is not set: enable it with ALTER DATABASE ENABLE BLOCK CHANGE TRACKING USING FILE')
    return
  }
  lists.changes.push({ id: 'change-tracking', title, from: 'DISABLED', to: 'ENABLED', foreign: false, statements: [{ via: 'sql', text: 'alter database enable block change tracking' }] })
}

/**
 * Applies a plan, saves the old values first and reads every value back. Applying an empty plan changes nothing.
 * @throws ICB_BACKUP_REFUSED_FOREIGN_VALUE without `takeOver`, before anything is changed; ICB_BACKUP_RMAN_FAILED, ICB_BACKUP_CONFIGURE_FAILED
 */
export async function applyConfigure(deps: ConfigureDependencies, plan: ConfigurePlan, options: { readonly takeOver?: boolean } = {}): Promise<ConfigureResult> {
  if (plan.changes.length === 0) return { plan, applied: [] }
  const foreign = plan.changes.filter((c) => c.foreign)
  const [first] = foreign
  if (first !== undefined && options.takeOver !== true) {
    throw backupErrors.REFUSED_FOREIGN_VALUE(`${String(foreign.length)} settings have values that somebody else set, e.g. ${first.title}: ${first.from ?? ''}`, {
      hint: 'Agree with their owner, then run with --take-over; the old values are kept.', details: { settings: foreign.map((c) => ({ id: c.id, from: c.from, to: c.to })) },
    })
  }
  const savedTo = await save(deps, plan)
  const texts = (via: 'rman' | 'sql'): readonly string[] => plan.changes.flatMap((c) => c.statements.filter((s) => s.via === via).map((s) => s.text))
  if (plan.changes.some((c) => c.id === 'area.archivelog')) await mkdir(archivelogDirectory(deps.settings.areaPath), { recursive: true })
  const rman = texts('rman')
  if (rman.length > 0) await callRman(deps, { what: 'configuring RMAN', script: `${rman.join('\n')}\n`, deadlineMs: completeSettings(deps.settings).rmanDeadlineMs })
  const sql = texts('sql')
  if (sql.length > 0) await deps.sql.execute(sql, { signal: deps.signal })
  const again = await planConfigure(deps)
  const left = again.changes.filter((c) => plan.changes.some((p) => p.id === c.id))
  if (left.length > 0) throw backupErrors.CONFIGURE_FAILED(`${left.map((c) => c.title).join(', ')} did not take`, { hint: `The old values are in ${savedTo}.`, details: { settings: left.map((c) => ({ id: c.id, found: c.from, wanted: c.to })) } })
  return { plan, applied: plan.changes.map((c) => c.id), savedTo }
}

function statePath(stateDir: string): string {
  return join(stateDir, 'configure.json')
}

/** Every value that configure ever set here, oldest first. */
async function readSaved(stateDir: string): Promise<readonly SavedValue[]> {
  const path = statePath(stateDir)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return []
  try {
    const { values } = JSON.parse(text) as { values: readonly SavedValue[] }
    return values.filter((v) => typeof v.id === 'string' && typeof v.after === 'string')
  } catch (error) {
    throw backupErrors.CONFIGURE_FAILED(`${path} is damaged, so what configure has set is not known`, { hint: 'Move the file away; every value then counts as set by somebody else.', cause: error })
  }
}

async function save(deps: ConfigureDependencies, plan: ConfigurePlan): Promise<string> {
  await mkdir(deps.stateDir, { recursive: true, mode: 0o700 })
  const at = isoNow(deps.clock)
  const values: readonly SavedValue[] = [...(await readSaved(deps.stateDir)), ...plan.changes.map((c) => ({ id: c.id, before: c.from ?? null, after: c.to, at }))]
  await writeFileDurably(statePath(deps.stateDir), `${JSON.stringify({ version: 1, database: deps.settings.name, values }, undefined, 2)}\n`, { mode: 0o600 })
  return statePath(deps.stateDir)
}
