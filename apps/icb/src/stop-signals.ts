/** Signals that end a run after its clean-up. */
export type StopSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM'

const exitCodes: Readonly<Record<StopSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

export interface Signals {
  readonly onSignal: (name: StopSignal, handler: () => void) => void
  /** Whether input, output or errors are a terminal, whose end is that of the run too. */
  readonly hasTerminal: boolean
}

/**
 * Calls `stop` at each of these signals, with the exit code that it asks for. Without a terminal a hangup is somebody else's: Node.js forgets that
 * `nohup` had it ignored, and nohup leaves a program none.
 */
export function onStopSignal({ onSignal, hasTerminal }: Signals, stop: (signal: StopSignal, exitCode: number) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) onSignal(signal, () => { stop(signal, exitCodes[signal]) })
  // It comes from the shell and from the kernel.
  let hungUp = !hasTerminal
  onSignal('SIGHUP', () => {
    if (!hungUp) stop('SIGHUP', exitCodes.SIGHUP)
    hungUp = true
  })
}
