import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { type TablespaceEncryption, cipherBlock, isSecret } from '../storage/block-cipher.ts'
import { OraError, ora } from './ora-error.ts'
import type { Parameters } from './parameters.ts'

interface Keys {
  /** The master key for new tablespace keys. */
  current: string | null
  /** Hexadecimal master keys by their id. */
  readonly master: Record<string, string>
}

/** What protects an auto-login keystore: nothing but a fixed key. Whoever has the file has the keys, as at Oracle. */
const autoLoginSecret = 'icb-lab-auto-login'
/** A local auto-login keystore opens on the host where it was made, and on no other. */
const localSecret = (host: string): string => `${autoLoginSecret}@${host}`

const notOpen = (): Error => ora(28365, 'wallet is not open')

function sealed(keys: Keys, secret: string): string {
  const salt = randomBytes(16)
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', scryptSync(secret, salt, 32, { N: 1024 }), iv)
  const body = Buffer.concat([cipher.update(JSON.stringify(keys), 'utf8'), cipher.final()])
  return JSON.stringify({ keystore: '@icb/lab simulator', salt: salt.toString('hex'), iv: iv.toString('hex'), tag: cipher.getAuthTag().toString('hex'), body: body.toString('hex') })
}

/** @throws OraError 28353 for a wrong password */
function unsealed(text: string, secret: string): Keys {
  const file = JSON.parse(text) as Record<'salt' | 'iv' | 'tag' | 'body', string>
  const bytes = (name: keyof typeof file): Buffer => Buffer.from(file[name], 'hex')
  const decipher = createDecipheriv('aes-256-gcm', scryptSync(secret, bytes('salt'), 32, { N: 1024 }), bytes('iv'))
  decipher.setAuthTag(bytes('tag'))
  try {
    return JSON.parse(Buffer.concat([decipher.update(bytes('body')), decipher.final()]).toString('utf8')) as Keys
  } catch {
    throw ora(28353, 'failed to open wallet')
  }
}

/** The TDE keystore of an instance: `ewallet.p12` with a password, `cwallet.sso` that opens itself. */
export class Keystore {
  readonly #host: Host
  readonly #parameters: Parameters
  #keys: Keys | undefined
  #kind: 'PASSWORD' | 'AUTOLOGIN' | 'LOCAL_AUTOLOGIN' | 'UNKNOWN' = 'UNKNOWN'
  /** Tablespace keys in use: the database writer needs them to the end. */
  readonly #tablespaceKeys = new Map<string, Buffer>()

  constructor(host: Host, parameters: Parameters) {
    this.#host = host
    this.#parameters = parameters
  }

  /** WALLET_ROOT with `/tde`, else `admin/<db_unique_name>/wallet` below ORACLE_BASE. */
  get directory(): string {
    const root = this.#parameters.get('wallet_root')
    return root === '' ? `/u01/app/oracle/admin/${this.#parameters.get('db_unique_name')}/wallet` : path.join(root, 'tde')
  }

  #file(name: 'ewallet.p12' | 'cwallet.sso'): string { return path.join(this.#host.real(this.directory), name) }

  /** V$ENCRYPTION_WALLET.STATUS and WALLET_TYPE. */
  get state(): { readonly status: 'OPEN' | 'OPEN_NO_MASTER_KEY' | 'CLOSED' | 'NOT_AVAILABLE'; readonly type: string } {
    this.#openBySelf()
    if (this.#keys === undefined) return { status: existsSync(this.#file('ewallet.p12')) ? 'CLOSED' : 'NOT_AVAILABLE', type: 'UNKNOWN' }
    return { status: this.#keys.current === null ? 'OPEN_NO_MASTER_KEY' : 'OPEN', type: this.#kind }
  }

  #openBySelf(): void {
    if (this.#keys !== undefined || !existsSync(this.#file('cwallet.sso'))) return
    const found = this.#readAutoLogin()
    this.#keys = found?.keys
    if (found !== undefined) this.#kind = found.local ? 'LOCAL_AUTOLOGIN' : 'AUTOLOGIN'
  }

  /** `undefined`: it is local to another host. */
  #readAutoLogin(): { readonly keys: Keys; readonly local: boolean } | undefined {
    const text = readFileSync(this.#file('cwallet.sso'), 'utf8')
    for (const [secret, local] of [[autoLoginSecret, false], [localSecret(this.#host.name), true]] as const) {
      try {
        return { keys: unsealed(text, secret), local }
      } catch (error) {
        if (!(error instanceof OraError)) throw error
      }
    }
    return undefined
  }

  /** @throws OraError 46630 when there is one */
  create(password: string): void {
    if (existsSync(this.#file('ewallet.p12'))) throw ora(46630, 'keystore cannot be created at the specified location')
    mkdirSync(path.dirname(this.#file('ewallet.p12')), { recursive: true })
    writeFileSync(this.#file('ewallet.p12'), sealed({ current: null, master: {} }, password), { mode: 0o600 })
  }

  /** @throws OraError 28367 without a keystore, 28353 */
  #read(password: string): Keys {
    if (!existsSync(this.#file('ewallet.p12'))) throw ora(28367, 'wallet does not exist')
    return unsealed(readFileSync(this.#file('ewallet.p12'), 'utf8'), password)
  }

  /** @throws OraError 28354 when it is open, 28367, 28353 */
  open(password: string): void {
    this.#openBySelf()
    if (this.#keys !== undefined) throw ora(28354, 'Encryption wallet, auto login wallet, or HSM is already open')
    this.#keys = this.#read(password)
    this.#kind = 'PASSWORD'
  }

  /** @throws OraError 28365 */
  close(): void {
    if (this.#keys === undefined) throw notOpen()
    this.#keys = undefined
    this.#kind = 'UNKNOWN'
  }

  /** A new master key. @throws OraError 28365, 28353 */
  setKey(password: string): void {
    if (this.#keys === undefined) throw notOpen()
    const keys = this.#read(password)
    const id = randomBytes(16).toString('hex').toUpperCase()
    keys.master[id] = randomBytes(32).toString('hex')
    keys.current = id
    writeFileSync(this.#file('ewallet.p12'), sealed(keys, password), { mode: 0o600 })
    const automatic = existsSync(this.#file('cwallet.sso')) ? this.#readAutoLogin() : undefined
    if (automatic !== undefined) writeFileSync(this.#file('cwallet.sso'), sealed(keys, automatic.local ? localSecret(this.#host.name) : autoLoginSecret), { mode: 0o600 })
    this.#keys = keys
  }

  /** A keystore that opens itself; `local`: on this host only. @throws OraError 28367, 28353 */
  createAutoLogin(password: string, local: boolean): void {
    writeFileSync(this.#file('cwallet.sso'), sealed(this.#read(password), local ? localSecret(this.#host.name) : autoLoginSecret), { mode: 0o600 })
  }

  /** A key for a new tablespace. @throws OraError 28365, 28374 without a master key */
  newTablespaceKey(): TablespaceEncryption {
    this.#openBySelf()
    if (this.#keys === undefined) throw notOpen()
    const { current, master } = this.#keys
    if (current === null) throw ora(28374, 'typed master key not found in wallet')
    const iv = randomBytes(16)
    const key = randomBytes(32)
    const wrapped = createCipheriv('aes-256-ctr', Buffer.from(master[current] ?? '', 'hex'), iv).update(key)
    return { algorithm: 'AES256', masterKeyId: current, wrappedKey: Buffer.concat([iv, wrapped]).toString('hex') }
  }

  #tablespaceKey({ masterKeyId, wrappedKey }: TablespaceEncryption): Buffer {
    this.#openBySelf()
    if (this.#keys === undefined) throw notOpen()
    const known = this.#tablespaceKeys.get(wrappedKey)
    if (known !== undefined) return known
    const master = this.#keys.master[masterKeyId]
    if (master === undefined) throw ora(28362, 'master key not found')
    const bytes = Buffer.from(wrappedKey, 'hex')
    const key = createDecipheriv('aes-256-ctr', Buffer.from(master, 'hex'), bytes.subarray(0, 16)).update(bytes.subarray(16))
    this.#tablespaceKeys.set(wrappedKey, key)
    return key
  }

  /** A block of a file as memory holds it. @throws OraError 28365, 28362 */
  decrypt(block: Buffer, encryption: TablespaceEncryption | undefined): Buffer {
    return encryption === undefined || !isSecret(block) ? block : cipherBlock(block, this.#tablespaceKey(encryption))
  }

  /** A block as the file gets it. What is in memory came there with the key. */
  encrypt(block: Buffer, encryption: TablespaceEncryption | undefined): Buffer {
    return encryption === undefined || !isSecret(block) ? block : cipherBlock(block, this.#tablespaceKeys.get(encryption.wrappedKey) ?? this.#tablespaceKey(encryption))
  }
}
