import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'
import { type Verifier, verifies } from './verifier.ts'

/** One pair of an answer to a logon call. */
export interface LogonPair {
  readonly key: string
  readonly value: string
  readonly flag?: number
}

/** Tells the client which kind of verifier it must work with. */
const twelveC = 0x4815
const iv = Buffer.alloc(16)
const hex = (bytes: Buffer): string => bytes.toString('hex').toUpperCase()

function crypt(key: Buffer, bytes: Buffer, padding: boolean): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(padding)
  return Buffer.concat([cipher.update(bytes), cipher.final()])
}

function decrypt(key: Buffer, bytes: Buffer, padding: boolean): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(padding)
  return Buffer.concat([decipher.update(bytes), decipher.final()])
}

/** O5LOGON with a 12c verifier: both sides prove that they know the password, which crosses the net encrypted. */
export class LogonChallenge {
  readonly #verifier: Verifier
  readonly #serverKey = randomBytes(32)
  readonly #mixSalt = randomBytes(16)

  constructor(verifier: Verifier) {
    this.#verifier = verifier
  }

  get #verifierKey(): Buffer {
    return Buffer.from(this.#verifier.hash, 'hex').subarray(0, 32)
  }

  /** The answer to the first call. */
  pairs(): readonly LogonPair[] {
    return [
      { key: 'AUTH_SESSKEY', value: hex(crypt(this.#verifierKey, this.#serverKey, false)) },
      { key: 'AUTH_VFR_DATA', value: this.#verifier.salt.toUpperCase(), flag: twelveC },
      { key: 'AUTH_PBKDF2_CSK_SALT', value: hex(this.#mixSalt) },
      { key: 'AUTH_PBKDF2_VGEN_COUNT', value: '4096' },
      { key: 'AUTH_PBKDF2_SDER_COUNT', value: '3' },
    ]
  }

  /**
   * Judges the second call.
   * @returns AUTH_SVR_RESPONSE, or `undefined` for a wrong password
   */
  check(sessionKey: string, password: string): string | undefined {
    let clear: Buffer
    let combined: Buffer
    try {
      const clientKey = decrypt(this.#verifierKey, Buffer.from(sessionKey.slice(0, 64), 'hex'), false)
      combined = pbkdf2Sync(hex(Buffer.concat([clientKey, this.#serverKey])), this.#mixSalt, 3, 32, 'sha512')
      clear = decrypt(combined, Buffer.from(password, 'hex'), true)
    } catch {
      // Another key than ours: what it decrypts to has no valid padding.
      return undefined
    }
    if (!verifies(this.#verifier, clear.subarray(16).toString('utf8'))) return undefined
    return hex(crypt(combined, Buffer.concat([randomBytes(16), Buffer.from('SERVER_TO_CLIENT')]), true))
  }
}
