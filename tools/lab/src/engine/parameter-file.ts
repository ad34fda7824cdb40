import { readFile, writeFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { outOfReach } from '../storage/disk-groups.ts'
import { isMissing } from '../storage/file-io.ts'
import { GROUP_NOT_MOUNTED, NO_DISK_GROUP } from '../storage/io-faults.ts'
import type { LabHost } from './instance-api.ts'
import { OraError, ora } from './ora-error.ts'
import { asmCause } from './os-error.ts'

const MAGIC = 'ICBLAB SPFILE'

/** Explicitly set parameters, lower-case names, in the order of the file. */
export type ParameterSettings = Map<string, string>

/**
 * Reads the text of a parameter file: `name=value`, `*.name=value`, `sid.name=value` (which wins for its instance), values
 * in single or double quotes, lists in parentheses or separated by commas, `#` comments.
 * @throws OraError 01078 with LRM-00110 for a line that is none of this
 */
export function parseParameters(text: string, sid: string): ParameterSettings {
  const all: ParameterSettings = new Map()
  const own: ParameterSettings = new Map()
  for (const line of joinContinued(text)) {
    const match = /^(?:([^.=\s]+)\.)?([A-Za-z_][\w$#]*)\s*=\s*(.*)$/.exec(line)
    const name = match?.[2]?.toLowerCase()
    if (match === null || name === undefined) throw parameterError('LRM-00110', `syntax error at '${line}'`)
    const scope = match[1]
    const value = unquote(match[3] ?? '')
    if (scope === undefined || scope === '*') all.set(name, value)
    else if (scope.toLowerCase() === sid.toLowerCase()) own.set(name, value)
  }
  return new Map([...all, ...own])
}

/** Everything in the text of a parameter file: names for all instances, `sid.name` for one. */
function parseEntries(text: string): ParameterSettings {
  const entries: ParameterSettings = new Map()
  for (const line of joinContinued(text)) {
    const match = /^(?:([^.=\s]+)\.)?([A-Za-z_][\w$#]*)\s*=\s*(.*)$/.exec(line)
    if (match === null) continue
    const name = (match[2] ?? '').toLowerCase()
    entries.set(match[1] === undefined || match[1] === '*' ? name : `${match[1]}.${name}`, unquote(match[3] ?? ''))
  }
  return entries
}

function joinContinued(text: string): string[] {
  const lines: string[] = []
  for (const raw of text.split(/\r?\n/)) {
    const line = stripComment(raw).trim()
    if (line === '') continue
    const last = lines.at(-1)
    if (last !== undefined && (last.endsWith(',') || open(last) > 0)) lines[lines.length - 1] = last + line
    else lines.push(line)
  }
  return lines
}

const open = (line: string): number => (line.match(/\(/g)?.length ?? 0) - (line.match(/\)/g)?.length ?? 0)

function stripComment(line: string): string {
  let quote: string | undefined
  for (let i = 0; i < line.length; i += 1) {
    const c = line.charAt(i)
    if (quote === undefined && c === '#') return line.slice(0, i)
    if (quote === c) quote = undefined
    else if (quote === undefined && (c === "'" || c === '"')) quote = c
  }
  return line
}

/** A list becomes `a, b`, as V$PARAMETER shows it. */
function unquote(value: string): string {
  const list = value.startsWith('(') && value.endsWith(')') && !value.includes('=') ? value.slice(1, -1) : value
  const items = list.match(/'[^']*'|"[^"]*"|[^,'"]+/g)?.map((item) => item.trim()).filter((item) => item !== '') ?? []
  const quoted = items.length > 0 && items.every((item) => /^(['"]).*\1$/.test(item))
  if (quoted) return items.map((item) => item.slice(1, -1)).join(', ')
  return /^(['"]).*\1$/.test(value) ? value.slice(1, -1) : list.trim()
}

/** The text of a parameter file with these settings. */
export function formatParameters(settings: ReadonlyMap<string, string>): string {
  return [...settings].map(([name, value]) => `${name.includes('.') ? '' : '*.'}${name}=${name === 'control_files' ? value.split(/,\s*/).map((v) => `'${v}'`).join(',') : `'${value}'`}\n`).join('')
}

/** A server parameter file: its text behind a head with a checksum. */
export function encodeSpfile(settings: ReadonlyMap<string, string>): Buffer {
  const text = Buffer.from(formatParameters(settings), 'utf8')
  const head = Buffer.alloc(32)
  head.write(MAGIC, 0, 'latin1')
  head.writeUInt32LE(text.length, 16)
  head.writeUInt32LE(crc32(text), 20)
  return Buffer.concat([head, text])
}

export function decodeSpfile(bytes: Buffer, sid: string): { readonly settings: ParameterSettings; readonly entries: ParameterSettings } | undefined {
  if (bytes.length < 32 || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  const text = bytes.subarray(32, 32 + bytes.readUInt32LE(16))
  if (crc32(text) !== bytes.readUInt32LE(20)) return undefined
  return { settings: parseParameters(text.toString('utf8'), sid), entries: parseEntries(text.toString('utf8')) }
}

export async function writeSpfile(path: string, settings: ReadonlyMap<string, string>): Promise<void> {
  await writeFile(path, encodeSpfile(settings))
}

/** What a parameter file holds. */
export interface ParameterFile {
  readonly settings: ParameterSettings
  /** The server parameter file that the settings are from, and everything in it. */
  readonly spfile: { readonly path: string; readonly entries: ParameterSettings } | undefined
}

/**
 * A parameter file or server parameter file; a text file that names an SPFILE leads to it.
 * @throws OraError 01078 with LRM-00109 when it cannot be opened
 */
export async function readParameterFile(shown: string, sid: string, host: Pick<LabHost, 'real'>): Promise<ParameterFile> {
  let bytes: Buffer
  try {
    bytes = await readFile(host.real(shown))
  } catch (error) {
    if (isMissing(error)) {
      const cause = outOfReach(host.real(shown)) === 'without-asm' ? NO_DISK_GROUP : outOfReach(host.real(shown)) === 'not-mounted' ? GROUP_NOT_MOUNTED : 'ENOENT'
      if (shown.startsWith('+')) throw ora(1078, 'failure in processing system parameters', [1565, `error in identifying file '${shown}'`], ...asmCause(shown, Object.assign(new Error(cause), { code: cause })))
      throw parameterError('LRM-00109', `could not open parameter file '${shown}'`)
    }
    throw error
  }
  if (bytes.toString('latin1', 0, MAGIC.length) === MAGIC) {
    const found = decodeSpfile(bytes, sid)
    if (found === undefined) throw ora(1078, 'failure in processing system parameters', [1565, `error in identifying file '${shown}'`])
    return { settings: found.settings, spfile: { path: shown, entries: found.entries } }
  }
  const settings = parseParameters(bytes.toString('utf8'), sid)
  const spfile = settings.get('spfile')
  settings.delete('spfile')
  if (spfile !== undefined && spfile !== shown) return readParameterFile(spfile, sid, host)
  return { settings, spfile: undefined }
}

/** ORA-01078 over the message of the parameter reader. */
export function parameterError(code: `LRM-${string}`, text: string): OraError {
  return new OraError([{ code: 'ORA-01078', text: 'failure in processing system parameters' }, { code, text }])
}
