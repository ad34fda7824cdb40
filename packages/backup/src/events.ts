import type { PointState } from '@icb/recovery-point'
import type { IcbEvent, StepEvent } from '@icb/runtime'

/** What this package tells besides its steps. SCNs are decimal strings. */
export type BackupEvent = StepEvent | (IcbEvent & BackupFact)

export type BackupFact =
  | { readonly type: 'backup.log-landed'; readonly thread: number; readonly sequence: number; readonly path: string }
  | { readonly type: 'backup.snapshot'; readonly snapshot: string; readonly state: PointState; readonly minScn?: string; readonly lastScn?: string }
  | { readonly type: 'backup.refreshed'; readonly merged: number; readonly created: number; readonly skipped: number; readonly minScn: string; readonly redoFrom: string }
  | { readonly type: 'backup.snapshot-dropped'; readonly snapshot: string; readonly outcome: 'dropped' | 'failed' }
