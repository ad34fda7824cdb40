import { createHash, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** The 12c password verifier: nobody can read the password out of it. */
export interface Verifier {
  /** Hexadecimal. */
  readonly salt: string
  readonly hash: string
}

const rounds = 4096

/** What the client makes of the password: the key of the logon is derived from it. */
function speedyKey(password: string, salt: Buffer): Buffer {
  return pbkdf2Sync(Buffer.from(password, 'utf8'), Buffer.concat([salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]), rounds, 64, 'sha512')
}

const hashOf = (key: Buffer, salt: Buffer): Buffer => createHash('sha512').update(key).update(salt).digest()

export function makeVerifier(password: string, salt: Buffer = randomBytes(16)): Verifier {
  return { salt: salt.toString('hex'), hash: hashOf(speedyKey(password, salt), salt).toString('hex') }
}

/** Compares in constant time. */
export function verifies({ salt, hash }: Verifier, password: string): boolean {
  const bytes = Buffer.from(salt, 'hex')
  return timingSafeEqual(hashOf(speedyKey(password, bytes), bytes), Buffer.from(hash, 'hex'))
}

/** Of a user who does not exist: the challenge looks the same and nobody knows the password. */
export const nobodysVerifier = (): Verifier => ({ salt: randomBytes(16).toString('hex'), hash: randomBytes(64).toString('hex') })
