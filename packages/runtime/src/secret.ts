import { inspect } from 'node:util'

const registry: Set<string> = (() => {
  // One registry per process even when two copies of this package are loaded: a secret must be redacted by both.
  const key = Symbol.for('icb.secrets')
  const holder = globalThis as unknown as Record<symbol, Set<string> | undefined>
  return (holder[key] ??= new Set<string>())
})()

const placeholder = '[secret]'

/**
 * Shorter texts are no secrets: removing each `a` or `12` would destroy every output, and the holes would tell the secret
 * anyway. {@link redact} leaves them alone, so a reader of secrets should refuse them.
 */
export const minimumSecretLength = 4

/** A value that never prints itself. Creating one makes {@link redact} remove its text from everything it is given. */
export class Secret {
  readonly #value: string
  /** What it is, for messages: `password of zfssa`. */
  readonly label: string

  constructor(value: string, label: string) {
    this.#value = value
    this.label = label
    if (value.length >= minimumSecretLength) registry.add(value)
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

/**
 * Base64 of a secret that stands somewhere inside a longer text (`user:password` of HTTP Basic): three alignments, each
 * without the characters that also depend on its neighbours.
 */
function innerBase64(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').replaceAll('=', '')
    const shared = (offset + bytes.length) % 3 === 0 ? 0 : 1
    return encoded.slice(offset === 0 ? 0 : offset + 1, encoded.length - shared)
  })
}

/** Every spelling of one secret that tools produce: plain, JSON, URL, form, SQL, base64 of it alone or inside a longer text. */
function formsOf(value: string): readonly string[] {
  const base64 = [Buffer.from(value).toString('base64'), ...innerBase64(value).filter((form) => form.length >= 8)]
  const forms = [
    value,
    JSON.stringify(value).slice(1, -1),
    // Through bytes, as a lone surrogate makes encodeURIComponent throw.
    encodeURIComponent(Buffer.from(value).toString()),
    new URLSearchParams([['', value]]).toString().slice(1),
    value.replaceAll("'", "''"),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')),
    // Programs print a key file line by line.
    ...(/[\r\n]/.test(value) ? value.split(/\r?\n/).filter((line) => line.length >= 8 && !line.startsWith('-----')) : []),
  ]
  return forms.filter((form) => form.length >= minimumSecretLength)
}

let forms: readonly string[] = []
let knownSecrets = 0

function currentForms(): readonly string[] {
  // The registry only grows, so its size tells whether the list is current.
  if (knownSecrets !== registry.size) {
    forms = [...new Set([...registry].flatMap(formsOf))]
    knownSecrets = registry.size
  }
  return forms
}

/**
 * Replaces every known secret by `[secret]`, in each of its usual spellings (JSON, URL, form, SQL, base64).
 * Secrets that overlap or contain each other are removed as one. Shorter than {@link minimumSecretLength}: left alone.
 */
export function redact(text: string): string {
  const spans: { start: number; end: number }[] = []
  for (const form of currentForms()) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) spans.push({ start: at, end: at + form.length })
  }
  if (spans.length === 0) return text
  // All found in the original text first: replacing one by one would leave the rest of an overlapping one readable.
  spans.sort((a, b) => a.start - b.start)
  let result = ''
  let done = 0
  let hidden = 0
  for (const { start, end } of spans) {
    if (start >= hidden) {
      result += text.slice(done, start) + placeholder
      hidden = end
    } else {
      hidden = Math.max(hidden, end)
    }
    done = hidden
  }
  return result + text.slice(done)
}

/** Length of the longest spelling of a known secret: text that is cut must be cut this much earlier to hide a half one. */
export function longestSecretForm(): number {
  return currentForms().reduce((longest, form) => Math.max(longest, form.length), 0)
}
