/** What became of one planted danger, for the table that `npm run proof:guards` prints. */
export interface GuardCase {
  readonly exitCode: number
  readonly code: string
  readonly reason: string
  /** Files that had the same checksum before and after. */
  readonly unchangedFiles: number
}

/** Notes a case with its test; the reporter `tools/run/guard-table.mjs` makes a row of it. */
export function noteGuardCase(task: { readonly meta: object }, guardCase: GuardCase): void {
  const meta = task.meta as { guardCases?: GuardCase[] }
  meta.guardCases = [...(meta.guardCases ?? []), guardCase]
}
