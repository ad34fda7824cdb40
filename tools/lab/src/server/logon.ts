import type { LabInstance } from '../engine/instance.ts'
import type { Request } from '../engine/protocol.ts'
import { admit, denied, findAccount } from '../net/accounts.ts'
import { containerOf } from '../net/services.ts'
import { verifies } from '../net/verifier.ts'

const privileges = { sysdba: { privilege: 'SYSDBA', username: 'SYS' }, sysbackup: { privilege: 'SYSBACKUP', username: 'SYSBACKUP' } } as const

/** As whom a client's session runs. @throws OraError 01017 and what {@link admit} throws, when a password is given */
export async function logonUser(instance: LabInstance, { username, password, as, service }: Extract<Request, { kind: 'logon' }> | Omit<Extract<Request, { kind: 'logon' }>, 'id'>): Promise<string> {
  if (password === undefined) return username
  const account = await findAccount(instance, service === undefined ? 0 : containerOf(instance, service), username)
  if (account === undefined || !verifies(account.verifier, password)) throw denied()
  return admit(instance, account, as === 'none' ? undefined : privileges[as])
}
