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
  /** Id of the check whose failure kept this one from being asked. */
  readonly because?: string
}

/** One question that `doctor` asks. */
export interface Check {
  /** Stable, dotted: `storage.reachable`. */
  readonly id: string
  readonly title: string
  /** Ids of checks without which this one says nothing; see `runChecks`. */
  readonly needs?: readonly string[]
  run(options: { readonly signal: AbortSignal }): Promise<CheckResult>
}
