import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { ledgerErrors } from './errors.ts'
import { entrySchema } from './schema.ts'
import { proofStatistics } from './statistics.ts'
import type { ProofStatistics } from './statistics.ts'
import type { LedgerEntry } from './verdict.ts'

/** What an evidence file says, and what its signature covers. */
export interface EvidenceBody {
  /** ISO UTC. */
  readonly exportedAt: string
  readonly tool: string
  readonly host: string
  /** Bounds of the rows' start, ISO UTC; absent: open. */
  readonly from?: string
  readonly to?: string
  readonly databases: readonly ProofStatistics[]
  readonly entries: readonly LedgerEntry[]
}

const bodySchema = z.object({
  exportedAt: z.string(), tool: z.string(), host: z.string(), from: z.exactOptional(z.string()), to: z.exactOptional(z.string()),
  databases: z.array(z.looseObject({ database: z.string() })), entries: z.array(entrySchema),
})
const fileSchema = z.strictObject({
  format: z.literal('icb-evidence/1'),
  body: z.unknown(),
  signature: z.strictObject({ algorithm: z.literal('ed25519'), keyId: z.string(), publicKey: z.string(), value: z.string() }),
})

/** JSON with sorted keys and no blanks: the same bytes from the same facts, whoever writes them. */
function canonical(value: unknown): string {
  // JSON.stringify would take it for 0.
  if (Object.is(value, -0)) return '-0'
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value).filter(([, each]) => each !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

/** Fingerprint of a public key: SHA-256 of its DER form, hex. */
export function evidenceKeyId(publicKeyPem: string): string {
  return createHash('sha256').update(createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' })).digest('hex')
}

/** A new ed25519 key pair, both in PEM. */
export function createEvidenceKey(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey: pem(publicKey) }
}

/**
 * The text of an evidence file: all rows, what they add up to, and an ed25519 signature over both.
 * @throws ICB_LEDGER_KEY when the key is none of ed25519
 */
export function createEvidence(input: Omit<EvidenceBody, 'databases'>, privateKeyPem: string): string {
  const names = [...new Set(input.entries.map((entry) => entry.database))].sort()
  const body: EvidenceBody = { ...input, databases: names.map((name) => proofStatistics(name, input.entries)) }
  let key: KeyObject
  try {
    key = createPrivateKey(privateKeyPem)
  } catch (error) {
    throw ledgerErrors.errors.KEY('the signing key cannot be read', { hint: 'It must be an unencrypted ed25519 key in PEM (PKCS #8).', cause: error })
  }
  if (key.asymmetricKeyType !== 'ed25519') throw ledgerErrors.errors.KEY(`the signing key is of type ${key.asymmetricKeyType ?? 'unknown'}, not ed25519`)
  const publicKey = pem(createPublicKey(key))
  const value = sign(null, Buffer.from(canonical(body)), key).toString('base64')
  return `${JSON.stringify({ format: 'icb-evidence/1', body, signature: { algorithm: 'ed25519', keyId: evidenceKeyId(publicKey), publicKey, value } }, null, 2)}\n`
}

export interface EvidenceCheck {
  /** The file is what was signed, and, where a key was given, signed by that one. */
  readonly ok: boolean
  readonly keyId?: string
  /** Whether the key was one that the caller knows: without it, anybody could have signed. */
  readonly knownKey: boolean
  /** Why it is not ok; empty otherwise. */
  readonly problems: readonly string[]
  /** Only of a file whose signature holds. */
  readonly body?: EvidenceBody
}

/** Checks an evidence file: form, signature, and that the sums in it are those of its rows. Never throws for a bad file. */
export function verifyEvidence(text: string, options: { readonly publicKeyPem?: string } = {}): EvidenceCheck {
  const no = (problem: string, keyId?: string): EvidenceCheck => ({ ok: false, knownKey: false, problems: [problem], ...(keyId === undefined ? {} : { keyId }) })
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return no('it is no JSON')
  }
  const file = fileSchema.safeParse(raw)
  if (!file.success) return no(`it is no evidence file: ${file.error.issues[0]?.path.join('.') ?? ''} ${file.error.issues[0]?.message ?? ''}`)
  const { body: unread, signature } = file.data
  let key: KeyObject
  let keyId: string
  try {
    key = createPublicKey(signature.publicKey)
    keyId = evidenceKeyId(signature.publicKey)
  } catch {
    return no('its public key cannot be read')
  }
  if (key.asymmetricKeyType !== 'ed25519') return no('its key is none of ed25519')
  // The signature does not cover the key's armour, and reading it is lenient.
  if (pem(key) !== signature.publicKey) return no('its public key was changed after it was written', keyId)
  const value = Buffer.from(signature.value, 'base64')
  // Decoding is lenient; only the one way to write it counts.
  if (value.toString('base64') !== signature.value || !verify(null, Buffer.from(canonical(unread)), key, value)) return no('the signature does not fit: the file was changed after it was signed', keyId)
  const problems: string[] = []
  if (signature.keyId !== keyId) problems.push('the key it names is not the key it holds')
  let knownKey = false
  if (options.publicKeyPem !== undefined) {
    try {
      knownKey = evidenceKeyId(options.publicKeyPem) === keyId
    } catch {
      problems.push('the public key to compare with cannot be read')
    }
    if (!knownKey) problems.push(`it was signed by another key (${keyId.slice(0, 16)}…)`)
  }
  const body = bodySchema.safeParse(unread)
  if (!body.success) return { ...no(`its rows are invalid: ${body.error.issues[0]?.path.join('.') ?? ''} ${body.error.issues[0]?.message ?? ''}`, keyId), knownKey }
  const entries = body.data.entries
  const recount = [...new Set(entries.map((entry) => entry.database))].sort().map((name) => proofStatistics(name, entries))
  if (canonical(recount) !== canonical(body.data.databases)) problems.push('its sums are not those of its rows')
  return { ok: problems.length === 0, keyId, knownKey, problems, body: { ...body.data, databases: recount } }
}
