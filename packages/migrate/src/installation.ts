import { readFile, readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { seedCredentials } from '@icb/config/seed'
import type { IcbConfig } from '@icb/config'
import { migrateErrors } from './errors.ts'
import { knownDigests } from './known-digests.ts'
import { localEdits } from './templates.ts'
import type { LocalEdit } from './templates.ts'

export interface CredentialsFile {
  readonly file: string
  /** Whether group or others may read it. */
  readonly open: boolean
}

export interface TnsFiles {
  readonly directory: string
  readonly tnsnames: boolean
  readonly sqlnet: boolean
  /** WALLET_LOCATION of sqlnet.ora. */
  readonly wallet?: string
  readonly walletFound: boolean
  /** Identifiers of the configuration that tnsnames.ora does not have. */
  readonly missingAliases: readonly string[]
}

/** What lies in the directory of the original. No secret is read. */
export interface Installation {
  readonly directory: string
  readonly credentials: readonly CredentialsFile[]
  readonly tns: readonly TnsFiles[]
  readonly edits: readonly LocalEdit[]
  /** Programs and templates that are as a revision of the original has them. */
  readonly unchanged: readonly string[]
  /** Python files that are not of the original: adapters, wrappers of your own. */
  readonly foreign: readonly string[]
}

async function present(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false)
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

/** Aliases that tnsnames.ora defines, in lower case: names at the begin of a line, several before one `=`. Files that it includes are not followed. */
function aliasesOf(text: string): ReadonlySet<string> {
  const plain = text.replace(/#.*$/gm, '')
  let depth = 0
  let word = ''
  const found: string[] = []
  for (const char of plain) {
    if (char === '(') depth++
    else if (char === ')') {
      depth--
      word = ''
    } else if (depth > 0) continue
    else if (char === '=') {
      found.push(...word.split(',').map((each) => each.trim().toLowerCase()).filter((each) => each !== ''))
      word = ''
    } else word += char
  }
  return new Set(found)
}

async function tnsFiles(config: IcbConfig): Promise<readonly TnsFiles[]> {
  const directories = [...new Set(config.databases.flatMap(({ tnsAdmin }) => tnsAdmin ?? []))]
  return Promise.all(directories.map(async (directory): Promise<TnsFiles> => {
    const [tnsnames, sqlnet] = await Promise.all([textOf(join(directory, 'tnsnames.ora')), textOf(join(directory, 'sqlnet.ora'))])
    const wanted = new Set(config.databases.filter(({ tnsAdmin }) => tnsAdmin === directory).flatMap(({ connect, primaryConnect, catalog }) => [connect, primaryConnect, ...(catalog === undefined ? [] : [catalog])]).filter((each) => each.startsWith('/@')).map((each) => each.slice(2).toLowerCase()))
    const known = aliasesOf(tnsnames ?? '')
    // A default domain may be appended to what is configured.
    const missing = [...wanted].filter((alias) => !known.has(alias) && ![...known].some((each) => each.startsWith(`${alias}.`)) && !/[:/]/.test(alias))
    const wallet = /WALLET_LOCATION[\s\S]*?DIRECTORY\s*=\s*([^)\s]+)/i.exec(sqlnet ?? '')?.[1]
    const walletPath = wallet === undefined ? undefined : isAbsolute(wallet) ? wallet : resolve(directory, wallet)
    return { directory, tnsnames: tnsnames !== undefined, sqlnet: sqlnet !== undefined, ...(wallet === undefined ? {} : { wallet }), walletFound: walletPath !== undefined && (await present(walletPath)), missingAliases: missing }
  }))
}

async function credentialFiles(directory: string): Promise<readonly CredentialsFile[]> {
  const found: CredentialsFile[] = []
  for (const { file, home } of seedCredentials) {
    if (home === true) continue
    const facts = await stat(join(directory, file)).catch(() => undefined)
    if (facts !== undefined) found.push({ file, open: (facts.mode & 0o077) !== 0 })
  }
  return found
}

/**
 * Looks at an installation of the original: its credentials files, the TNS directory and wallet that its configuration names, and what somebody changed in its programs
 * and templates (compared by digests with every revision that was published).
 * @throws ICB_MIGRATE_INSTALLATION when none of its programs is there
 */
export async function readInstallation(directory: string, config: IcbConfig): Promise<Installation> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw migrateErrors.errors.INSTALLATION(`${directory} cannot be read`, { cause: error, hint: 'Name the directory of the Python scripts.' })
  })
  const known = names.filter((name) => knownDigests[name] !== undefined).sort()
  if (known.length === 0) throw migrateErrors.errors.INSTALLATION(`${directory} has no program of the original`, { hint: 'Name the directory of the Python scripts.' })
  const edits: LocalEdit[] = []
  const unchanged: string[] = []
  for (const name of known) {
    const found = localEdits(name, await readFile(join(directory, name), 'utf8'), knownDigests) ?? []
    if (found.length === 0) unchanged.push(name)
    edits.push(...found)
  }
  return {
    directory, edits, unchanged, foreign: names.filter((name) => name.endsWith('.py') && knownDigests[name] === undefined).sort(),
    credentials: await credentialFiles(directory), tns: await tnsFiles(config),
  }
}
