import { readFile, readdir, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { isIcbError } from '@icb/runtime'
import type { ProcessRunner } from '@icb/runtime'

/** A line of cron that calls the original. */
export interface CronLine {
  /** `crontab -l`, or the file. */
  readonly source: string
  readonly line: number
  /** As it stands there; values of variables that look like secrets are masked. */
  readonly text: string
  /** Programs of the original that it names: `backup`, `exec_all`. Empty: something else in its directory. */
  readonly programs: readonly string[]
  /** It leads into the directory of the installation. Otherwise a program has the name of one of the original's, and may be another. */
  readonly certain: boolean
  /** The script that it runs and that does so. */
  readonly through?: string
}

export interface CronOptions {
  /** Of the original's installation. */
  readonly directory: string
  readonly runProcess: ProcessRunner
  /** For `crontab`: its PATH and HOME. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Tables of the system and of users, files or directories; what this user may not read is among the problems. Default: the usual places. */
  readonly tables?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

export interface CronFindings {
  readonly lines: readonly CronLine[]
  /** What could not be looked at although it is there. */
  readonly problems: readonly string[]
}

const usualTables = ['/etc/crontab', '/etc/cron.d', '/var/spool/cron', '/var/spool/cron/crontabs']
const programNames = /(?<![\w.-])(backup|autorestore|restore|zsnapper|zvolume|exec_all|report|dbinfo)\.py(?![\w.-])/g
/** Programs that write to the area, to its snapshots or to the database. */
const working: ReadonlySet<string> = new Set(['backup', 'exec_all', 'zsnapper'])
const longestScript = 65_536

interface Table {
  readonly source: string
  readonly text: string
}

/** Whether the original still works by this line, so that it must go before a migration ends. */
export function isWorkingCronLine({ certain, programs }: CronLine): boolean {
  return certain && programs.some((name) => working.has(name))
}

/**
 * Lines of cron on this host that call the original: this user's table, and those of the system and of other users as far as this user may read them. Scripts that a line names
 * are looked into. Nothing is changed.
 */
export async function readCronLines(options: CronOptions): Promise<CronFindings> {
  const problems: string[] = []
  const own = await ownTable(options, problems)
  const tables = [...(own === undefined ? [] : [own]), ...(await readTables(options.tables ?? usualTables, problems))]
  const places = [...new Set([options.directory, await realpath(options.directory).catch(() => options.directory)])]
  const lines: CronLine[] = []
  for (const table of tables) {
    for (const found of await linesOf(table, places, options.env['HOME'] ?? homedir())) if (!lines.some(({ text }) => text === found.text)) lines.push(found)
  }
  return { lines, problems }
}

/** `undefined`: there is none, or no cron. */
async function ownTable({ runProcess, env, signal }: CronOptions, problems: string[]): Promise<Table | undefined> {
  const lines: string[] = []
  const childEnv = Object.fromEntries(Object.entries({ PATH: env['PATH'] ?? '/usr/bin:/bin', HOME: env['HOME'], LC_ALL: 'C' }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  try {
    const result = await runProcess({ file: 'crontab', args: ['-l'], env: childEnv, deadlineMs: 10_000, onLine: (line, stream) => { if (stream === 'stdout') lines.push(line) } }, { signal })
    if (result.exitCode === 0) return { source: 'crontab -l', text: lines.join('\n') }
    const said = result.tail.join(' ').trim()
    if (!/no crontab/i.test(said)) problems.push(`crontab -l ended with ${result.exitCode === null ? (result.signal ?? 'a signal') : String(result.exitCode)}${said === '' ? '' : `: ${said}`}`)
  } catch (error) {
    signal?.throwIfAborted()
    if (!isIcbError(error) || error.code !== 'ICB_PROCESS_START') throw error
  }
  return undefined
}

async function readTables(places: readonly string[], problems: string[]): Promise<readonly Table[]> {
  const found: Table[] = []
  const told = (path: string) => (error: unknown): undefined => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code !== 'ENOENT' && code !== 'EISDIR') problems.push(`${path} cannot be read (${code}): lines of cron in it are not looked at`)
  }
  for (const place of places) {
    const isFile = await stat(place).then((found) => found.isFile(), () => false)
    // cron follows links.
    const files = isFile ? [place] : ((await readdir(place, { withFileTypes: true }).catch(told(place))) ?? []).filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => join(place, name)).sort()
    for (const file of files) {
      const text = await readFile(file, 'utf8').catch(told(file))
      if (text !== undefined) found.push({ source: file, text })
    }
  }
  return found
}

async function linesOf({ source, text }: Table, places: readonly string[], home: string): Promise<readonly CronLine[]> {
  const found: CronLine[] = []
  const variables = new Map([['HOME', home]])
  for (const [index, raw] of text.split('\n').entries()) {
    const trimmed = raw.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, name, value] = /^([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(trimmed) ?? []
    if (name !== undefined) {
      variables.set(name, (value ?? '').replace(/^(["'])(.*)\1$/, '$2'))
      continue
    }
    const command = expanded(trimmed, variables)
    const call = { source, line: index + 1, text: masked(trimmed) }
    const programs = programsIn(command)
    if (places.some((place) => leadsInto(command, place))) found.push({ ...call, programs, certain: true })
    else {
      const script = await scriptBehind(command, places)
      if (script !== undefined) found.push({ ...call, programs: script.programs, certain: true, through: script.path })
      else if (programs.length > 0) found.push({ ...call, programs, certain: false })
    }
  }
  return found
}

function expanded(command: string, variables: ReadonlyMap<string, string>): string {
  return command.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => variables.get(braced ?? bare ?? '') ?? whole).replace(/(^|[\s"'=;&|(])~(?=\/)/g, (_, before: string) => `${before}${variables.get('HOME') ?? '~'}`)
}

function leadsInto(command: string, place: string): boolean {
  const at = command.indexOf(place)
  return at >= 0 && /^$|^[/\s"';&|)]/.test(command.slice(at + place.length, at + place.length + 1)) && (at === 0 || /[\s"'=:;&|(]/.test(command[at - 1] ?? ''))
}

function programsIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(programNames)].map(([, name = '']) => name))]
}

/** A script of the line that itself leads into the installation. */
async function scriptBehind(command: string, places: readonly string[]): Promise<{ readonly path: string; readonly programs: readonly string[] } | undefined> {
  const paths = command.split(/[\s"';&|()<>=]+/).filter((word) => isAbsolute(word) && !word.startsWith('/dev/'))
  for (const path of new Set(paths)) {
    const text = await readFile(path).then((bytes) => (bytes.length <= longestScript && !bytes.includes(0) ? bytes.toString('utf8') : undefined), () => undefined)
    if (text === undefined) continue
    const code = text.split('\n').filter((line) => !/^\s*#/.test(line)).join('\n')
    if (places.some((place) => code.split('\n').some((line) => leadsInto(line, place)))) return { path, programs: programsIn(code) }
  }
  return undefined
}

/** Passwords in front of a command would be shown to whoever reads the report. */
function masked(text: string): string {
  return text.replace(/\b(\w*(?:pass|pwd|secret|token)\w*=)("[^"]*"|'[^']*'|\S+)/gi, '$1***')
}
