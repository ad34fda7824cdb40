import { problemError } from './errors.ts'
import type { ConfigErrorName } from './errors.ts'
import { nearestName } from './nearest.ts'

export interface IniValue {
  /** Lower case, as all lookups use it. */
  readonly key: string
  /** As it stands in the file. */
  readonly writtenKey: string
  /** After interpolation; continuation lines are joined by `\n`. */
  readonly value: string
  readonly line: number
  readonly section: string
}

export interface IniSection {
  readonly name: string
  readonly line: number
  readonly values: ReadonlyMap<string, IniValue>
}

export interface IniDocument {
  readonly file: string
  /** `[DEFAULT]`: stands in for a key that a section lacks. */
  readonly defaults: IniSection | undefined
  readonly sections: ReadonlyMap<string, IniSection>
}

interface RawValue {
  readonly key: string
  readonly writtenKey: string
  readonly lines: string[]
  readonly line: number
}

interface RawSection {
  readonly name: string
  readonly line: number
  readonly values: Map<string, RawValue>
}

const defaultSection = 'DEFAULT'
/** References inside references; the limit of the original's parser. */
const maxDepth = 10
const maxInterpolatedLength = 1_000_000

/**
 * Parses the dialect of Python 2's SafeConfigParser, the original tool's parser: `key: value` or `key = value` (the first of `:` and `=` counts), keys without
 * regard to case, section names with it, `#` and `;` lines and ` ;` after a value as comments, indented lines as continuation, `%%` and `%(key)s`.
 * Stricter than the original where it would misread silently: a repeated section or key, an indented section header. An indented `#` line is a comment.
 * @throws ICB_CONFIG_SYNTAX, ICB_CONFIG_DUPLICATE_SECTION, ICB_CONFIG_DUPLICATE_KEY, ICB_CONFIG_INTERPOLATION, each with file and line
 */
export function parseIni(text: string, file: string): IniDocument {
  const raw = readSections(text, file)
  const defaults = raw.get(defaultSection)
  const sections = new Map<string, IniSection>()
  for (const section of raw.values()) sections.set(section.name, interpolateSection(section, defaults, file))
  const document = { file, defaults: sections.get(defaultSection), sections }
  sections.delete(defaultSection)
  return document
}

function readSections(text: string, file: string): Map<string, RawSection> {
  const sections = new Map<string, RawSection>()
  let section: RawSection | undefined
  let current: RawValue | undefined
  const fail = (name: ConfigErrorName, line: number, message: string, key?: string, hint?: string): never => {
    throw problemError({ name, message, hint, origin: { file, line, ...(section === undefined ? {} : { section: section.name }), ...(key === undefined ? {} : { key }) } })
  }
  const withoutMark = text.startsWith('\uFEFF') ? text.slice(1) : text
  for (const [index, content] of withoutMark.split(/\r\n|\n|\r/u).entries()) {
    const line = index + 1
    const trimmed = content.trim()
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue
    // The first character, not the trimmed text, tells a continuation.
    const indented = /^\s/u.test(content)
    const header = /^\[([^\]]*)\]\s*(.*)$/u.exec(trimmed)
    if (indented) {
      if (current === undefined) {
        fail('SYNTAX', line, 'an indented line continues the value above, but there is none', undefined, 'Remove the blanks before it.')
      } else if (header !== null && (header[2] ?? '') === '') {
        fail('SYNTAX', line, 'an indented section header would become part of the value above', current.key, 'Remove the blanks before "[".')
      } else {
        current.lines.push(trimmed)
      }
      continue
    }
    if (header !== null) {
      const name = (header[1] ?? '').trim()
      if (name === '') fail('SYNTAX', line, 'a section without a name')
      if (!/^(?:[#;]|$)/u.test(header[2] ?? '')) fail('SYNTAX', line, `text after the header of section ${name}`, undefined, 'Put it on its own line.')
      const first = sections.get(name)
      if (first !== undefined) {
        section = first
        fail('DUPLICATE_SECTION', line, `the section was already opened at ${file}:${first.line}`, undefined, 'Merge the two or rename one.')
      }
      section = { name, line, values: new Map() }
      sections.set(name, section)
      current = undefined
      continue
    }
    const separator = trimmed.search(/[:=]/u)
    if (separator < 1) {
      fail('SYNTAX', line, trimmed.startsWith('[') ? 'a section header without "]"' : 'neither "[section]" nor "key: value" nor an indented continuation')
      continue
    }
    if (section === undefined) {
      fail('SYNTAX', line, 'a key before the first [section]')
      continue
    }
    const writtenKey = trimmed.slice(0, separator).trim()
    const key = writtenKey.toLowerCase()
    const earlier = section.values.get(key)
    if (earlier !== undefined) fail('DUPLICATE_KEY', line, `the key was already set at ${file}:${earlier.line}`, key, 'Keep one of the two.')
    current = { key, writtenKey, lines: [stripInlineComment(trimmed.slice(separator + 1).trim())], line }
    section.values.set(key, current)
  }
  return sections
}

/** As in the original only the first `;` counts, only after a blank, and only on the first line of a value. */
function stripInlineComment(value: string): string {
  if (value.startsWith(';')) return ''
  const at = value.indexOf(';')
  const text = at > 0 && /\s/u.test(value[at - 1] ?? '') ? value.slice(0, at).trim() : value.trim()
  return text === '""' ? '' : text
}

function interpolateSection(section: RawSection, defaults: RawSection | undefined, file: string): IniSection {
  const values = new Map<string, IniValue>()
  const done = new Map<string, string>()
  for (const { key, writtenKey, line } of section.values.values()) {
    values.set(key, { key, writtenKey, line, section: section.name, value: interpolated(key, 0, line) })
  }
  return { name: section.name, line: section.line, values }

  function interpolated(key: string, depth: number, line: number): string {
    const known = done.get(key)
    if (known !== undefined) return known
    const origin = { file, line, section: section.name, key }
    const fail = (message: string, hint: string, nearest?: string): never => {
      throw problemError({ name: 'INTERPOLATION', message, hint, nearest, origin })
    }
    if (depth > maxDepth) fail(`references are nested more than ${maxDepth} deep`, 'Look for keys that refer to each other.')
    const value = section.values.get(key) ?? defaults?.values.get(key)
    const text = (value?.lines ?? []).join('\n').trim()
    let length = 0
    const result = text.replace(/%(?:%|\(([^)]*)\)s|)/gu, (match, name: string | undefined) => {
      if (match === '%%') return '%'
      if (name === undefined) return fail('a lone "%"', 'Write "%%" for a percent sign.')
      const wanted = name.toLowerCase()
      if (!section.values.has(wanted) && defaults?.values.has(wanted) !== true) {
        const names = [...section.values.keys(), ...(defaults?.values.keys() ?? [])].filter((candidate) => candidate !== key)
        return fail(`%(${name})s refers to a key that is neither in this section nor in [DEFAULT]`, 'Correct the name, or write "%%" for a percent sign.', nearestName(wanted, names))
      }
      const replacement = interpolated(wanted, depth + 1, line)
      length += replacement.length
      if (length > maxInterpolatedLength) fail('the references expand without end', 'Look for keys that refer to each other.')
      return replacement
    })
    done.set(key, result)
    return result
  }
}
