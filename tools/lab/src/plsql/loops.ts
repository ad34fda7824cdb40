import type { Frame } from './frame.ts'
import type { Execute, Signal } from './scope.ts'

function afterRound(signal: Signal | undefined, label: string | undefined): 'next' | 'leave' | Signal {
  if (signal === undefined) return 'next'
  if (signal.kind === 'return' || (signal.label !== undefined && signal.label !== label)) return signal
  return signal.kind === 'exit' ? 'leave' : 'next'
}

/** Runs rounds until one leaves. */
export async function rounds(frame: Frame, label: string | undefined, body: Execute, next: () => boolean | Promise<boolean>): Promise<Signal | undefined> {
  while (await next()) {
    const outcome = afterRound(await body(frame), label)
    if (outcome === 'leave') return undefined
    if (outcome !== 'next') return outcome
  }
  return undefined
}
