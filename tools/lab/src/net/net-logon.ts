import type { LabInstance } from '../engine/instance.ts'
import type { ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import { uniqueName } from '../sql/environment.ts'
import { executeSql } from '../sql-engine.ts'
import { type Account, admit, denied, findAccount } from './accounts.ts'
import type { ServerProtocol } from './answers.ts'
import { LogonChallenge, type LogonPair } from './logon-challenge.ts'
import type { AdministrativePrivilege } from './password-file.ts'
import type { Call } from './requests.ts'
import { nobodysVerifier } from './verifier.ts'

type LogonCall = Extract<Call, { kind: 'logon' }>

const modes: readonly (readonly [number, AdministrativePrivilege, string])[] = [
  [0x20, 'SYSDBA', 'SYS'],
  [0x40, 'SYSOPER', 'PUBLIC'],
  [0x1000000, 'SYSBACKUP', 'SYSBACKUP'],
  [0x2000000, 'SYSDG', 'SYSDG'],
  [0x4000000, 'SYSKM', 'SYSKM'],
]
const otherModes = 0x400000 | 0x8000000 | 0x2

/** Names are folded to upper case unless they are quoted. */
const userName = (typed: string): string => (/^".*"$/.test(typed) ? typed.slice(1, -1) : typed.toUpperCase())

/** One client's logon: two calls, the session stands behind the second. */
export class NetLogon {
  readonly #instance: LabInstance
  readonly #protocol: ServerProtocol
  readonly #service: string
  #challenge: LogonChallenge | undefined
  #account: Account | undefined
  /** 0: no PDB. */
  readonly #container: number
  #program = ''

  constructor(instance: LabInstance, protocol: ServerProtocol, service: string, container: number) {
    this.#container = container
    this.#instance = instance
    this.#protocol = protocol
    this.#service = service
  }

  /** The challenge; it looks the same for a user that does not exist. */
  async begin({ user, pairs }: LogonCall): Promise<readonly LogonPair[]> {
    const name = userName(user)
    this.#program = pairs.get('AUTH_PROGRAM_NM') ?? 'unknown'
    this.#account = await findAccount(this.#instance, this.#container, name)
    this.#challenge = new LogonChallenge(this.#account?.verifier ?? nobodysVerifier())
    return this.#challenge.pairs()
  }

  /** @throws OraError 01017, 28009, 01031, 01033 */
  async finish({ mode, pairs }: LogonCall): Promise<{ readonly session: ServerSession; readonly pairs: readonly LogonPair[] }> {
    const response = this.#challenge?.check(pairs.get('AUTH_SESSKEY') ?? '', pairs.get('AUTH_PASSWORD') ?? '')
    this.#challenge = undefined
    const account = this.#account
    if (response === undefined || account === undefined) throw denied()
    const username = this.#judge(account, mode)
    const session = this.#instance.logon(username, this.#program)
    if (this.#container > 0) session.container = this.#container
    try {
      await this.#setZone(session, pairs.get('AUTH_ALTER_SESSION') ?? '')
    } catch (error) {
      this.#instance.closeSession(session.sid)
      throw error
    }
    return { session, pairs: [{ key: 'AUTH_SVR_RESPONSE', value: response }, ...this.#sessionPairs(session)] }
  }

  /** As whom the session runs. */
  #judge(account: Account, mode: number): string {
    if ((mode & otherModes) !== 0) throw ora(1031, 'insufficient privileges')
    const wanted = modes.find(([bit]) => (mode & bit) !== 0)
    return admit(this.#instance, account, wanted === undefined ? undefined : { privilege: wanted[1], username: wanted[2] })
  }

  /** The client's time zone; it leaves out zeros: `+2:0`. */
  async #setZone(session: ServerSession, statement: string): Promise<void> {
    const zone = /TIME_ZONE\s*=\s*'([+-]?)(\d+):(\d+)'/i.exec(statement)
    if (zone === null) return
    const [, sign = '', hours = '0', minutes = '0'] = zone
    await executeSql(this.#instance, session, `alter session set time_zone = '${sign}${hours.padStart(2, '0')}:${minutes.padStart(2, '0')}'`)
  }

  #sessionPairs(session: ServerSession): LogonPair[] {
    const instance = this.#instance
    const name = (instance.parameters.get('db_name')?.value ?? '').toUpperCase()
    const pairs: Readonly<Record<string, string | number>> = {
      AUTH_VERSION_NO: versionNumber(instance.release, this.#protocol.fieldVersion),
      AUTH_VERSION_STRING: '- Production (lab simulator)',
      AUTH_VERSION_SQL: 25,
      AUTH_SESSION_ID: session.sid,
      AUTH_SERIAL_NUM: session.serial,
      AUTH_MAX_OPEN_CURSORS: instance.parameters.get('open_cursors')?.value ?? '300',
      AUTH_MAX_IDEN_LENGTH: this.#protocol.fieldVersion >= 8 ? 128 : 30,
      AUTH_DBNAME: name,
      AUTH_SC_DBUNIQUE_NAME: name,
      AUTH_SC_REAL_DBUNIQUE_NAME: uniqueName(instance),
      AUTH_SC_SERVICE_NAME: this.#service,
      AUTH_SC_DB_DOMAIN: instance.parameters.get('db_domain')?.value ?? '',
      AUTH_INSTANCENAME: instance.sid,
    }
    return Object.entries(pairs).map(([key, value]) => ({ key, value: String(value) }))
  }
}

/** A release as one number; the packing changed with 18c. */
export function versionNumber(release: string, fieldVersion: number): number {
  const [major = 0, minor = 0, update = 0, port = 0, last = 0] = release.split('.').map(Number)
  return fieldVersion >= 11 ? major * 2 ** 24 + (minor << 16) + (update << 12) + (port << 4) + last : major * 2 ** 24 + (minor << 20) + (update << 12) + (port << 8) + last
}
