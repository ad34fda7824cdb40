import { inspect } from 'node:util'

const registry: Set<string> = (() => {
  // One registry per process even when two copies of this package are loaded: a secret must be redacted by both.
  const key = Symbol.for('icb.secrets')
  const holder = globalThis as unknown as Record<symbol, Set<string> | undefined>
  return (holder[key] ??= new Set<string>())
})()

const placeholder = '[secret]'

/** A value that never prints itself. Creating one makes {@link redact} remove its text from everything it is given. */
export class Secret {
  readonly #value: string
  /** What it is, for messages: `password of zfssa`. */
  readonly label: string

  constructor(value: string, label: string) {
    this.#value = value
    this.label = label
    if (value.length > 0) registry.add(value)
  }

  /** The text itself; call it only where it leaves the process towards its one receiver. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return placeholder
  }

  toJSON(): string {
    return placeholder
  }

  static {
    Object.defineProperty(this.prototype, inspect.custom, {
      value(this: Secret): string {
        return `Secret(${this.label})`
      },
    })
  }
}

/** Replaces every known secret (also URL-encoded and base64) in a text. */
export function redact(text: string): string {
  let result = text
  // Longest first, so that a secret which contains another one is removed whole.
  for (const value of [...registry].sort((a, b) => b.length - a.length)) {
    for (const form of new Set([value, encodeURIComponent(value), Buffer.from(value).toString('base64')])) {
      if (result.includes(form)) result = result.replaceAll(form, placeholder)
    }
  }
  return result
}
