import { closeSync, openSync, writeSync } from 'node:fs'
import type { Settings } from './settings.ts'

/** Where lines go: the terminal and, while spooling, a file. */
export class Output {
  readonly #write: (text: string) => void
  readonly #settings: Settings
  #spool: number | undefined

  constructor(write: (text: string) => void, settings: Settings) {
    this.#write = write
    this.#settings = settings
  }

  /** A line of a result or message; trimmed or padded as SET TRIMOUT and TRIMSPOOL say. */
  line(text: string, options: { readonly always?: boolean } = {}): void {
    const settings = this.#settings
    if (settings.termout || options.always === true) this.#write(`${settings.trimout ? text.trimEnd() : text}\n`)
    this.#toSpool(`${settings.trimspool ? text.trimEnd() : text.padEnd(settings.linesize)}\n`)
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text)
  }

  /** A prompt, without a line end. */
  prompt(text: string): void {
    this.#write(text)
  }

  /** What was typed: only the spool file has not seen it. */
  typed(text: string): void {
    this.#toSpool(`${text}\n`)
  }

  /** Lines that SET ECHO ON shows. */
  echo(text: string): void {
    if (this.#settings.termout) this.#write(`${text}\n`)
    this.#toSpool(`${text}\n`)
  }

  #toSpool(text: string): void {
    if (this.#spool !== undefined) writeSync(this.#spool, text)
  }

  get spooling(): boolean {
    return this.#spool !== undefined
  }

  /** @throws the system's error when the file cannot be made */
  startSpool(file: string, append: boolean): void {
    this.stopSpool()
    this.#spool = openSync(file, append ? 'a' : 'w')
  }

  stopSpool(): void {
    if (this.#spool !== undefined) closeSync(this.#spool)
    this.#spool = undefined
  }
}
