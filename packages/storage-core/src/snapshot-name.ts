import { DateTime } from 'luxon'

export interface SnapshotNameParts {
  readonly database: string
  readonly createdAt: DateTime
  /** Absent for names of the seed scripts. */
  readonly runId?: string
  readonly grammar: 'icb' | 'seed'
}

/** `<db>-<UTC yyyymmddThhmmssZ>-<run id>`. */
export function snapshotName(database: string, createdAt: DateTime, runId: string): string {
  return `${database}-${createdAt.toUTC().toFormat("yyyyMMdd'T'HHmmss'Z'")}-${runId}`
}

/**
 * Reads a snapshot name: this project's grammar, or exactly `<db>-<yyyymmddThhmmss>` / `<db>_<yyyymmddThhmmss>` as the
 * seed scripts wrote it (their time is local to an unknown host; it is read as UTC and only good for display).
 * Answers `undefined` for anything else.
 */
export function parseSnapshotName(name: string, database: string): SnapshotNameParts | undefined {
  if (!name.startsWith(database)) return undefined
  const rest = name.slice(database.length)
  const icb = /^-(\d{8}T\d{6})Z-([0-9a-z]+-[0-9a-z]+|[0-9a-z]+)$/.exec(rest)
  const seed = /^[-_](\d{8}T\d{6})$/.exec(rest)
  const stamp = icb?.[1] ?? seed?.[1]
  if (stamp === undefined) return undefined
  const createdAt = DateTime.fromFormat(stamp, "yyyyMMdd'T'HHmmss", { zone: 'utc' })
  if (!createdAt.isValid) return undefined
  return icb?.[2] === undefined ? { database, createdAt, grammar: 'seed' } : { database, createdAt, runId: icb[2], grammar: 'icb' }
}

/** Whether a snapshot of this name was made by this tool (or the seed scripts) for this database. Adapters must use it for `Snapshot.ours`. */
export function isOurSnapshotName(name: string, database: string): boolean {
  return parseSnapshotName(name, database) !== undefined
}
