import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { LabHost } from '../engine/instance-api.ts'
import { SIMULATOR } from '../host/lab-file.ts'
import { makeVerifier, type Verifier } from './verifier.ts'

export type AdministrativePrivilege = 'SYSDBA' | 'SYSOPER' | 'SYSBACKUP' | 'SYSDG' | 'SYSKM'

export interface PasswordFileEntry extends Verifier {
  /** Upper case. */
  readonly user: string
  readonly privileges: readonly AdministrativePrivilege[]
}

interface PasswordFile {
  readonly simulator: string
  readonly entries: readonly PasswordFileEntry[]
}

const fileOf = (home: string, sid: string): string => path.join(home, 'dbs', `orapw${sid}`)

/** What `orapwd` does: the file that lets administrators in over the net. SYS may connect as anything. */
export async function writePasswordFile(home: string, sid: string, sysPassword: string): Promise<void> {
  const sys: PasswordFileEntry = { user: 'SYS', privileges: ['SYSDBA', 'SYSOPER', 'SYSBACKUP', 'SYSDG', 'SYSKM'], ...makeVerifier(sysPassword) }
  const content: PasswordFile = { simulator: SIMULATOR, entries: [sys] }
  await writeFile(fileOf(home, sid), `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o640 })
}

/** The entries of an instance's password file; none when there is no file. */
export async function readPasswordFile(host: LabHost, sid: string): Promise<readonly PasswordFileEntry[]> {
  const text = await readFile(fileOf(path.join(host.labDir, 'hosts', host.name, 'home'), sid), 'utf8').catch(() => '')
  return text === '' ? [] : (JSON.parse(text) as PasswordFile).entries
}
