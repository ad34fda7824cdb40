import { readFile, readdir } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Check, CheckResult } from '@icb/runtime'

export interface NameCheckDependencies {
  /** `/@alias`, `/`: every connect identifier that the database's work uses. */
  readonly connects: readonly string[]
  /** TNS_ADMIN. */
  readonly tnsAdmin?: string
  /** Users and passwords are configured for all of them, so no wallet is asked. */
  readonly withoutWallet: boolean
}

const aliasOf = (connect: string): string | undefined => /^\/@(.+)$/.exec(connect)?.[1]
/** Easy Connect and descriptors need no tnsnames.ora. */
const isPlainAlias = (name: string): boolean => /^[\w.$#-]+$/.test(name)

/** Names that a tnsnames.ora defines, upper case, with those of the files that it includes (IFILE). */
export async function tnsNames(file: string, depth = 0): Promise<ReadonlySet<string>> {
  const text = (await readFile(file, 'utf8')).replace(/^\s*#.*$/gm, '')
  const names = new Set<string>()
  for (const [, list = ''] of text.matchAll(/^([A-Za-z][\w.$#, -]*?)\s*=/gm)) for (const name of list.split(',')) names.add(name.trim().toUpperCase())
  if (depth < 5) for (const [, path = ''] of text.matchAll(/^IFILE\s*=\s*(\S+)/gim)) for (const name of await tnsNames(isAbsolute(path) ? path : join(dirname(file), path), depth + 1)) names.add(name)
  names.delete('IFILE')
  return names
}

/** Directory of the wallet that a sqlnet.ora names; `undefined`: none. */
export function walletDirectory(sqlnet: string, tnsAdmin: string): string | undefined {
  const text = sqlnet.replace(/^\s*#.*$/gm, '')
  const place = /WALLET_LOCATION\s*=[\s\S]*?DIRECTORY\s*=\s*"?([^)"\s]+)/i.exec(text)?.[1]
  return place === undefined ? undefined : resolve(tnsAdmin, place)
}

async function resolves({ connects, tnsAdmin }: NameCheckDependencies): Promise<CheckResult> {
  const wanted = [...new Set(connects.flatMap((connect) => aliasOf(connect) ?? []))].filter(isPlainAlias)
  if (wanted.length === 0) return { status: 'ok', summary: 'no name has to be resolved' }
  if (tnsAdmin === undefined) return { status: 'warning', summary: 'tnsadmin is not set: names are looked up in the Oracle home', advice: 'Set tnsadmin (tnsAdmin) to the directory of tnsnames.ora.', remedy: 'fix' }
  const file = join(tnsAdmin, 'tnsnames.ora')
  const names = await tnsNames(file).catch(() => undefined)
  if (names === undefined) return { status: 'failed', summary: `${file} cannot be read`, advice: 'Make it, or correct tnsadmin (tnsAdmin).', remedy: 'fix' }
  // Without a domain in the name, sqlnet.ora may add one.
  const missing = wanted.filter((name) => !names.has(name.toUpperCase()) && ![...names].some((known) => known.startsWith(`${name.toUpperCase()}.`)))
  return missing.length === 0 ? { status: 'ok', summary: `${wanted.join(', ')} in ${file}` } : { status: 'failed', summary: `${file} has no ${missing.join(', no ')}`, advice: 'Add its connection there; the name is the one of the database unless connect says otherwise.', remedy: 'fix' }
}

async function wallet({ connects, tnsAdmin, withoutWallet }: NameCheckDependencies): Promise<CheckResult> {
  if (withoutWallet || !connects.some((connect) => aliasOf(connect) !== undefined)) return { status: 'ok', summary: 'no wallet is needed' }
  if (tnsAdmin === undefined) return { status: 'skipped', summary: 'tnsadmin is not set', advice: 'Set tnsadmin (tnsAdmin).' }
  const file = join(tnsAdmin, 'sqlnet.ora')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return { status: 'failed', summary: `${file} cannot be read, so no wallet is found`, advice: 'Make it with WALLET_LOCATION and SQLNET.WALLET_OVERRIDE = TRUE.', remedy: 'fix' }
  const directory = walletDirectory(text, tnsAdmin)
  if (directory === undefined) return { status: 'failed', summary: `${file} has no WALLET_LOCATION`, advice: 'Add it, with SQLNET.WALLET_OVERRIDE = TRUE.', remedy: 'fix' }
  if (!/SQLNET\.WALLET_OVERRIDE\s*=\s*TRUE/i.test(text)) return { status: 'failed', summary: `${file} does not set SQLNET.WALLET_OVERRIDE = TRUE: /@alias would be operating system authentication`, advice: 'Add the line.', remedy: 'fix' }
  const files = await readdir(directory).catch(() => undefined)
  if (files === undefined) return { status: 'failed', summary: `the wallet ${directory} cannot be read`, advice: 'Make it (mkstore -wrl … -create), or correct WALLET_LOCATION; this user must be able to read it.', remedy: 'fix' }
  return files.includes('cwallet.sso') ? { status: 'ok', summary: directory } : { status: 'failed', summary: `${directory} has no cwallet.sso: the wallet does not open by itself`, advice: 'Make it with mkstore or orapki as an auto-login wallet.', remedy: 'fix' }
}

/** Questions for `doctor`: whether every name is in tnsnames.ora and the wallet of sqlnet.ora is there. */
export function nameChecks(deps: NameCheckDependencies): Check[] {
  return [
    { id: 'oracle.names', title: 'tnsnames.ora', run: () => resolves(deps) },
    { id: 'oracle.wallet', title: 'wallet', run: () => wallet(deps) },
  ]
}
