import type { DatabaseDependencies } from './dependencies.ts'

/** One difference between the database and what backups need. */
export interface ConfigureChange {
  /** Stable: `rman.retention-policy`, `bct`, `archive.area`, `archive.recovery-area`, `area.archivelog-directory`. */
  readonly id: string
  readonly title: string
  /** As the database says; absent: its default. */
  readonly from?: string
  readonly to: string
  /** True when `from` is neither a default nor something that configure set: changing it needs `takeOver`. */
  readonly foreign: boolean
  /** Statement that applies it: an RMAN command or an SQL statement. */
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
  /** A directory outside the area where the old values are kept (`<stateDir>/<db>`). */
  readonly stateDir: string
}

export interface ConfigureResult {
  readonly plan: ConfigurePlan
  readonly applied: readonly string[]
  /** Where the old values are. */
  readonly savedTo?: string
}

/**
 * Compares the database with what backups need; changes nothing.
 * @throws ICB_BACKUP_REFUSED_IDENTITY; ICB_BACKUP_REFUSED_DESTINATION for LOG_ARCHIVE_DEST/DUPLEX_DEST, an unset recovery area or no free slot.
 */
export function planConfigure(deps: ConfigureDependencies): Promise<ConfigurePlan> {
  throw new Error(`not built yet: ${deps.settings.name}`)
}

/**
 * Applies a plan, saves the old values first and reads every value back. Applying an empty plan changes nothing.
 * @throws ICB_BACKUP_REFUSED_FOREIGN_VALUE without `takeOver`, before anything is changed; ICB_BACKUP_CONFIGURE_FAILED
 */
export function applyConfigure(deps: ConfigureDependencies, plan: ConfigurePlan, options: { readonly takeOver?: boolean } = {}): Promise<ConfigureResult> {
  throw new Error(`not built yet: ${deps.settings.name} ${plan.database} ${options.takeOver ?? false}`)
}
