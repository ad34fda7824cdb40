import type { Snapshot } from '@icb/storage-core'
import type { DateTime } from 'luxon'

export interface SnapshotAgeOptions {
  readonly now: DateTime
  readonly warningHours: number
  readonly criticalHours: number
  /** Database name, for the text. */
  readonly database: string
}

/** A Nagios answer: 0 OK, 1 WARNING, 2 CRITICAL. */
export interface SnapshotAgeResult {
  readonly status: 'OK' | 'WARNING' | 'CRITICAL'
  readonly exitCode: 0 | 1 | 2
  /** One line without perfdata: `OK: the latest snapshot of orcl is 0:03:57 old`. */
  readonly text: string
  /** `age=237s;93600;115200;0` */
  readonly perfdata: string
  readonly ageSeconds?: number
  readonly snapshot?: string
}

/** Age of the newest snapshot that this tool made. Pure. A snapshot from the future counts as new, with the clock difference in the text. */
export function snapshotAge(snapshots: readonly Pick<Snapshot, 'name' | 'createdAt' | 'ours'>[], options: SnapshotAgeOptions): SnapshotAgeResult {
  const newest = snapshots.filter((s) => s.ours).reduce<Pick<Snapshot, 'name' | 'createdAt'> | undefined>((best, s) => (best === undefined || s.createdAt > best.createdAt ? s : best), undefined)
  const limits = `${String(options.warningHours * 3600)};${String(options.criticalHours * 3600)};0`
  if (newest === undefined) return { status: 'CRITICAL', exitCode: 2, text: `CRITICAL: ${options.database} has no snapshot`, perfdata: `age=U;${limits}` }
  const ageSeconds = Math.floor(options.now.diff(newest.createdAt, 'seconds').seconds)
  const shown = Math.max(0, ageSeconds)
  const hours = shown / 3600
  const [status, exitCode] = hours >= options.criticalHours ? (['CRITICAL', 2] as const) : hours >= options.warningHours ? (['WARNING', 1] as const) : (['OK', 0] as const)
  const ahead = ageSeconds < 0 ? ` (the storage's clock is ${String(-ageSeconds)} s ahead)` : ''
  return {
    status, exitCode, ageSeconds: shown, snapshot: newest.name,
    text: `${status}: the latest snapshot of ${options.database} is ${duration(shown)} old${ahead}`,
    perfdata: `age=${String(shown)}s;${limits}`,
  }
}

function duration(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${String(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}
