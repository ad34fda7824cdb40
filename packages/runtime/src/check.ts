import type { Remedy } from './errors.ts'

export type CheckStatus = 'ok' | 'warning' | 'failed' | 'skipped'

export interface CheckResult {
  readonly status: CheckStatus
  /** One sentence: what was found. */
  readonly summary: string
  /** One sentence: the way out; present unless the status is ok. */
  readonly advice?: string
  readonly remedy?: Remedy
  readonly details?: Readonly<Record<string, unknown>>
}

/** One question that `doctor` asks. */
export interface Check {
  /** Stable, dotted: `storage.reachable`. */
  readonly id: string
  readonly title: string
  run(options: { readonly signal: AbortSignal }): Promise<CheckResult>
}
