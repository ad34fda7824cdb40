import { open } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { Secret } from '@icb/runtime'
import type { Clock, ProcessRunner } from '@icb/runtime'
import { configErrors } from './errors.ts'
import { parseIni } from './ini.ts'
import type { Environment } from './load.ts'
import type { SecretReference } from './model.ts'

export interface ResolveSecretOptions {
  readonly env: Environment
  /** Against which a relative file or program is resolved: the configuration's directory. */
  readonly baseDir: string
  readonly runProcess: ProcessRunner
  readonly clock?: Clock
  /** Longest run of a command; default 30 s. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal | undefined
}

/** True for `{ env }`, `{ file, section?, key? }` and `{ command }`. */
export function isSecretReference(value: unknown): value is SecretReference {
  if (typeof value !== 'object' || value === null) return false
  const { env, file, command, section, key } = value as Record<string, unknown>
  const forms = [env, file, command].filter((form) => form !== undefined)
  if (forms.length !== 1 || (key === undefined) !== (section === undefined)) return false
  if (command !== undefined) return Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === 'string' && part !== '')
  return typeof forms[0] === 'string' && forms[0] !== '' && [section, key].every((part) => part === undefined || typeof part === 'string')
}

/**
 * Fetches a secret. Nothing of it reaches a message.
 * - `env`: a variable; - `file`: the whole file without its last line break, or one key of an INI file; it must not be readable by group or others;
 * - `command`: the first line that the program prints (no shell; at most 30 s).
 * @throws ICB_CONFIG_SECRET_MISSING, ICB_CONFIG_SECRET_MODE, ICB_CONFIG_SECRET_COMMAND, ICB_PROCESS_START, ICB_CONFIG_INVALID_VALUE for no reference at all
 */
export async function resolveSecret(reference: unknown, label: string, options: ResolveSecretOptions): Promise<Secret> {
  options.signal?.throwIfAborted()
  if (!isSecretReference(reference)) {
    throw configErrors.INVALID_VALUE(`${label}: expected { env }, { file, section, key } or { command: [program, …] }`, { hint: 'A secret itself never stands in the configuration.' })
  }
  const value = 'env' in reference ? options.env[reference.env] : 'file' in reference ? await fromFile(reference, label, options) : await fromCommand(reference.command, label, options)
  if (value === undefined || value === '') {
    const where = 'env' in reference ? `the environment variable ${reference.env} is not set` : 'file' in reference ? `${reference.file} is empty` : `${String(reference.command[0])} printed nothing`
    throw configErrors.SECRET_MISSING(`${label}: ${where}`)
  }
  return new Secret(value, label)
}

const maxBytes = 65_536

async function fromFile(reference: { readonly file: string; readonly section?: string; readonly key?: string }, label: string, { baseDir }: ResolveSecretOptions): Promise<string> {
  const file = resolve(baseDir, reference.file)
  let text: string
  try {
    await using handle = await open(file, 'r')
    // Asked of the open file, so that it cannot be exchanged between question and reading.
    const { mode, size } = await handle.stat()
    if ((mode & 0o077) !== 0) {
      throw configErrors.SECRET_MODE(`${label}: ${file} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}; group and others must have no access`, { hint: `chmod 600 ${file}`, details: { file } })
    }
    if (size > maxBytes) throw configErrors.SECRET_MISSING(`${label}: ${file} is longer than ${maxBytes} bytes`, { details: { file } })
    text = await handle.readFile('utf8')
  } catch (cause) {
    const code = (cause as { code?: unknown }).code
    if (typeof code === 'string' && code.startsWith('ICB_')) throw cause
    throw configErrors.SECRET_MISSING(`${label}: cannot read ${file} (${String(code)})`, { cause, details: { file } })
  }
  if (reference.section === undefined || reference.key === undefined) return text.replace(/\r?\n$/u, '')
  const found = parseIni(text, file).sections.get(reference.section)?.values.get(reference.key.toLowerCase())
  if (found === undefined) throw configErrors.SECRET_MISSING(`${label}: ${file} has no key ${reference.key} in section [${reference.section}]`, { details: { file, section: reference.section, key: reference.key } })
  return found.value
}

async function fromCommand(command: readonly string[], label: string, { env, baseDir, runProcess, deadlineMs = 30_000, signal }: ResolveSecretOptions): Promise<string | undefined> {
  const [program = '', ...args] = command
  // A bare name is looked up in PATH; a relative path belongs to the configuration.
  const file = program.includes('/') && !isAbsolute(program) ? resolve(baseDir, program) : program
  let first: string | undefined
  const result = await runProcess(
    {
      file,
      args,
      cwd: baseDir,
      env: Object.fromEntries(['PATH', 'HOME', 'LANG', 'XDG_RUNTIME_DIR'].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
      deadlineMs,
      secretOutput: true,
      onLine: (line, stream) => {
        if (stream === 'stdout') first ??= line
      },
    },
    { signal },
  )
  if (result.exitCode === 0) return first
  const how = result.timedOut ? `did not end within ${deadlineMs / 1000} s` : result.exitCode === null ? `was ended by ${String(result.signal)}` : `ended with ${result.exitCode}`
  throw configErrors.SECRET_COMMAND(`${label}: ${program} ${how}`, { hint: 'Run the command by hand as the same user.', details: { program } })
}
