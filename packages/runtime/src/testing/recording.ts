import type { EventSink, IcbEvent } from '../events.ts'
import type { Logger } from '../logger.ts'

export interface LogLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string | undefined
}

export interface RecordingLogger extends Logger {
  /** Of the logger and all its children, in order. */
  readonly lines: readonly LogLine[]
}

/** A logger that keeps what it is given. */
export function recordingLogger(): RecordingLogger {
  const lines: LogLine[] = []
  const make = (bindings: Record<string, unknown>): RecordingLogger => {
    const at =
      (level: LogLine['level']) =>
      (fields: object, message?: string): void => {
        lines.push({ level, fields: { ...bindings, ...fields }, message })
      }
    return {
      lines,
      trace: at('trace'),
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (more) => make({ ...bindings, ...more }),
    }
  }
  return make({})
}

export interface RecordingEvents<E extends IcbEvent> extends EventSink<E> {
  readonly events: readonly E[]
  /** Their types, in order. */
  readonly types: readonly string[]
}

/** An event sink that keeps what it is given. */
export function recordingEvents<E extends IcbEvent = IcbEvent>(): RecordingEvents<E> {
  const events: E[] = []
  return {
    events,
    get types() {
      return events.map((event) => event.type)
    },
    emit: (event) => {
      events.push(event)
    },
  }
}
