import { redact } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import { pino } from 'pino'

/** JSON lines through pino, each one redacted before it leaves. */
export function createLogger(options: { readonly level: 'debug' | 'info'; readonly write: (line: string) => void }): Logger {
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write: (line: string) => { options.write(redact(line)) } })
}
