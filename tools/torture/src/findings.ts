/** A guarantee that did not hold. */
export interface Finding {
  /** `lost`: a recovery point, or the truth about one. `left over`: something that should be gone, or a run that does not converge. `reached`: something that must not be touched. */
  readonly kind: 'lost' | 'left over' | 'reached'
  readonly text: string
}

export const lost = (text: string): Finding => ({ kind: 'lost', text })
export const leftOver = (text: string): Finding => ({ kind: 'left over', text })
export const reached = (text: string): Finding => ({ kind: 'reached', text })
