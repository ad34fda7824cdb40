/** A guarantee that did not hold. */
export interface Finding {
  /** `lost`: a recovery point, or the truth about one. `left over`: something that should be gone, or a run that does not converge. `reached`: something that must not be touched. */
  readonly kind: 'lost' | 'left over' | 'reached'
  readonly text: string
  /** The run could not be judged: trouble of the harness, which says nothing about the product. */
  readonly harness?: true
}

export const lost = (text: string): Finding => ({ kind: 'lost', text })
export const leftOver = (text: string): Finding => ({ kind: 'left over', text })
export const reached = (text: string): Finding => ({ kind: 'reached', text })
export const troubled = (error: unknown): Finding => ({ kind: 'left over', text: `the harness: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, harness: true })
