import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { usageErrors } from './errors.ts'

/** First lines of each starter; a file without them is somebody else's. */
const mark = '# Starts icb for a scheduler. Written by icb schedule install.'

export interface JobStarter {
  /** The words that start icb: an executable, or Node and the program. Absolute. */
  readonly program: readonly string[]
  readonly configPath: string
  /** Variables that the jobs need and an external job does not have. */
  readonly env: Readonly<Record<string, string>>
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/**
 * The text of a program that an external job can start: it has no shell, an empty environment and `/` as its directory, so everything is
 * absolute here. HOME comes from the password entry unless it is given.
 */
export function jobStarterText({ program, configPath, env }: JobStarter): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}; export ${name}`)
  return `#!/bin/sh
${mark}
# Usage: $0 <command and its arguments>
PATH=/usr/local/bin:/usr/bin:/bin; export PATH
${variables.map((line) => `${line}\n`).join('')}[ -n "\${HOME:-}" ] || HOME=$(getent passwd "$(id -u)" | cut -d: -f6) || HOME=/
export HOME
umask 027
cd / || exit 1
exec ${program.map(quote).join(' ')} --config ${quote(configPath)} --quiet "$@"
`
}

/** What writing it would do. @throws ICB_USAGE_ARGUMENT where another file lies */
export async function compareJobStarter(path: string, text: string): Promise<'create' | 'change' | 'none'> {
  const found = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return 'create'
  if (!found.includes(mark)) throw usageErrors.ARGUMENT(`${path} is there already and was not written by icb schedule install`, { hint: 'Name another place with --starter.' })
  const { mode } = await stat(path)
  return found === text && (mode & 0o555) === 0o555 ? 'none' : 'change'
}

/** Writes it beside and renames it: a job that starts at this moment finds the old one or the new one. */
export async function writeJobStarter(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, text, { mode: 0o755 })
  await chmod(`${path}.new`, 0o755)
  await rename(`${path}.new`, path)
}

/** The directories on the way to a file that not everybody may pass. */
export async function closedDirectories(path: string): Promise<readonly string[]> {
  const closed: string[] = []
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const found = await stat(directory).catch(() => undefined)
    if (found !== undefined && (found.mode & 0o001) === 0) closed.push(directory)
    if (directory === dirname(directory)) return closed
  }
}
