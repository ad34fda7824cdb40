import type { LabInstance } from '../engine/instance.ts'
import { ora } from '../engine/ora-error.ts'
import { loadSchema } from '../sql/schema/schema-store.ts'
import { findUser } from '../sql/schema/users.ts'
import { type AdministrativePrivilege, readPasswordFile } from './password-file.ts'
import type { Verifier } from './verifier.ts'

/** Somebody who can log on over the net. */
export interface Account {
  /** Upper case. */
  readonly user: string
  readonly verifier: Verifier
  readonly privileges: readonly AdministrativePrivilege[]
  readonly locked: boolean
  readonly expired: boolean
  /** Has CREATE SESSION, itself or by a role. */
  readonly mayConnect: boolean
}

const administrative: readonly AdministrativePrivilege[] = ['SYSDBA', 'SYSOPER', 'SYSBACKUP', 'SYSDG', 'SYSKM']
const letIn = new Set(['CREATE SESSION', 'CONNECT', 'DBA', 'ALL PRIVILEGES'])

/** Looks into the password file, then, when the database is open, among its users. */
export async function findAccount(instance: LabInstance, container: number, user: string): Promise<Account | undefined> {
  const entry = (await readPasswordFile(instance.host, instance.sid)).find((one) => one.user === user)
  if (entry !== undefined) return { user, verifier: entry, privileges: entry.privileges, locked: false, expired: false, mayConnect: true }
  if (instance.status !== 'OPEN') return undefined
  const database = container > 0 ? instance.inContainer(container) : instance
  await loadSchema(database)
  const found = findUser(user, database)
  if (found?.verifier === undefined || found.authentication !== 'PASSWORD') return undefined
  const granted = found.privileges.filter((grant) => grant.object === undefined).map((grant) => grant.privilege)
  return { user, verifier: found.verifier, privileges: administrative.filter((privilege) => granted.includes(privilege)), locked: found.locked, expired: found.expired === true, mayConnect: granted.some((privilege) => letIn.has(privilege)) }
}

export const denied = (): ReturnType<typeof ora> => ora(1017, 'invalid username/password; logon denied')

/** As whom somebody runs who has shown the password: with a privilege, or as an ordinary user. @throws OraError 01017, 01033, 01045, 28000, 28001, 28009 */
export function admit(instance: LabInstance, account: Account, as?: { readonly privilege: AdministrativePrivilege; readonly username: string }): string {
  if (as !== undefined) {
    if (instance.parameters.get('remote_login_passwordfile')?.value.toUpperCase() === 'NONE' || !account.privileges.includes(as.privilege)) throw denied()
    return as.username
  }
  if (account.user === 'SYS') throw ora(28009, 'connection as SYS should be as SYSDBA or SYSOPER')
  if (instance.status !== 'OPEN') throw ora(1033, 'ORACLE initialization or shutdown in progress')
  if (account.locked) throw ora(28000, 'The account is locked.')
  if (account.expired) throw ora(28001, 'the password has expired')
  if (!account.mayConnect) throw ora(1045, `user ${account.user} lacks CREATE SESSION privilege; logon denied`)
  return account.user
}
