import type { RmanEvent } from './rman-event.ts'

export type ValidatedEvent = Extract<RmanEvent, { type: 'validated' }>

type Writable<T> = { -readonly [K in keyof T]: T[K] extends object ? Writable<T[K]> : T[K] }

/** An event that is complete only when later lines have been seen. */
export type Pending =
  | { readonly kind: 'message'; readonly code: string; text: string; readonly inErrorStack: boolean }
  | { readonly kind: 'validated'; readonly event: Writable<ValidatedEvent> }
  | { readonly kind: 'not-cataloged'; readonly name: string }
  /** `deleted backup piece` and the like: says what is done with the file on the next line. */
  | { readonly kind: 'action'; readonly action: string; readonly text: string }
  | { readonly kind: 'corruption' }

/** What the lines before mean for the next one. */
export interface ParserState {
  pending: Pending | undefined
  /** Which list or report is being printed. */
  list: 'none' | 'validation' | 'pieces' | 'unknown-files' | 'cataloged' | 'not-cataloged' | 'report'
  configuration: 'old' | 'new' | 'current'
  inErrorStack: boolean
  /** Between `starting media recovery` and its end: archived log lines mean applied redo. */
  inRecovery: boolean
  /** Log named by `input archived log`, for the output line that follows it. */
  inputLog: { readonly thread: number; readonly sequence: number } | undefined
}

export function initialState(): ParserState {
  return { pending: undefined, list: 'none', configuration: 'current', inErrorStack: false, inRecovery: false, inputLog: undefined }
}
