import type { OraMessage } from '../../engine/ora-error.ts'

const rule = '==========================================================='

/** The lines of an error stack in its frame, general first, cause last. */
export function errorFrame(messages: readonly OraMessage[]): string[] {
  return [
    `RMAN-00571: ${rule}`,
    'RMAN-00569: =============== ERROR MESSAGE STACK FOLLOWS ===============',
    `RMAN-00571: ${rule}`,
    ...messages.map((message) => `${message.code}: ${message.text}`),
  ]
}

/** Hides connect strings, which may carry a password, in an echoed line. */
export function maskConnect(line: string): string {
  return line.replace(/^(\s*connect\s+(?:target|catalog|auxiliary))\b.*$/i, '$1 *').replace(/(;\s*connect\s+(?:target|catalog|auxiliary))\b.*$/i, '$1 *')
}

/** RMAN's output with its prompts: what is echoed and where the empty lines go. */
export class Transcript {
  readonly #write: (text: string) => void
  readonly #prompt: (text: string) => void
  #promptOpen = false
  echo = false

  /** `write` takes the output, `prompt` takes the prompts alone (with `log=` they stay on the terminal). */
  constructor(write: (text: string) => void, prompt: (text: string) => void) {
    this.#write = write
    this.#prompt = prompt
  }

  /** Asks for line `number` of a command. */
  prompt(number: number): void {
    const text = number === 1 ? 'RMAN> ' : `${number}> `
    if (number === 1) this.#write('\n')
    this.#write(text)
    this.#prompt(text)
    this.#promptOpen = true
  }

  /** The line that answered the prompt. */
  answered(line: string): void {
    if (!this.echo) return
    this.#write(`${maskConnect(line)}\n`)
    this.#promptOpen = false
  }

  line(text: string): void {
    if (this.#promptOpen) {
      this.#promptOpen = false
      this.#write('\n')
    }
    this.#write(`${text}\n`)
  }

  /** An empty line at the end of a command. */
  gap(): void {
    this.#write('\n')
  }

  errors(messages: readonly OraMessage[]): void {
    for (const text of errorFrame(messages)) this.line(text)
  }

  complete(): void {
    if (this.#promptOpen) this.#write('\n')
    this.#promptOpen = false
    this.#write('\n\nRecovery Manager complete.\n')
  }
}
