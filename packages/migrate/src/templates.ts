import { createHash } from 'node:crypto'

/** One entry of a template file: its key, and a digest of its text without indentation, blank lines and line ends. */
export interface TemplateEntry {
  readonly key: string
  readonly line: number
  readonly digest: string
}

/** First digits of the SHA-256 of a text whose lines are trimmed and not empty. */
export function digestOf(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '')
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)
}

/** The entries of a template file of the original: `key: text`, continued on indented lines. Comments between entries are no part of one. */
export function readTemplate(text: string): readonly TemplateEntry[] {
  const entries: { key: string; line: number; lines: string[] }[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const begin = /^([A-Za-z_][\w.]*)\s*[:=](.*)$/.exec(line)
    if (begin !== null) entries.push({ key: (begin[1] ?? '').toLowerCase(), line: index + 1, lines: [begin[2] ?? ''] })
    else if (/^\s/.test(line) || line === '') entries.at(-1)?.lines.push(line)
  }
  return entries.map(({ key, line, lines }) => ({ key, line, digest: digestOf(lines.join('\n')) }))
}

/** Digests by file and entry; several where its own revisions differ, `current` where the newest has the entry. Programs have the one entry `*`: the whole file. */
export type KnownDigests = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

export interface LocalEdit {
  readonly file: string
  /** Absent: the whole file. */
  readonly key?: string
  readonly line?: number
  /** `unknown`: not a file of the original. */
  readonly edit: 'changed' | 'added' | 'removed'
}

/** What somebody changed in a file of the original. Empty for a file that is as one of its releases had it; `undefined` for a file that is not of the original. */
export function localEdits(file: string, text: string, known: KnownDigests): readonly LocalEdit[] | undefined {
  const digests = known[file]
  if (digests === undefined) return undefined
  const whole = digests['*']
  if (whole !== undefined) return whole.includes(digestOf(text)) ? [] : [{ file, edit: 'changed' }]
  const found = readTemplate(text)
  const present = new Set(found.map(({ key }) => key))
  return [
    ...found.flatMap(({ key, line, digest }): LocalEdit[] => (digests[key] === undefined ? [{ file, key, line, edit: 'added' }] : digests[key].includes(digest) ? [] : [{ file, key, line, edit: 'changed' }])),
    ...Object.keys(digests).filter((key) => !present.has(key) && isCurrent(digests[key])).map((key): LocalEdit => ({ file, key, edit: 'removed' })),
  ]
}

/** What only older revisions had is not missing. */
function isCurrent(digests: readonly string[] | undefined): boolean {
  return digests?.includes('current') === true
}
