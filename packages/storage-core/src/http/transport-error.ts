import { redact } from '@icb/runtime'
import type { IcbError } from '@icb/runtime'
import { storageErrors } from '../errors.ts'
import { fingerprintMismatch } from './tls-agent.ts'

interface TransportContext {
  readonly name: string
  readonly request: string
  readonly timedOutAfterMs: number | undefined
}

/** OpenSSL's and Node's words for a certificate that does not hold. */
const tlsCodes = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|EPROTO$|ERR_OSSL_)/

/**
 * What a failed request means. The error of axios is not kept as the cause: it carries the request's headers, and with them
 * the password.
 */
export function transportError(error: unknown, { name, request, timedOutAfterMs }: TransportContext): IcbError {
  const face = error as { readonly code?: unknown; readonly message?: unknown; readonly response?: { readonly status?: unknown } } | undefined
  const code = typeof face?.code === 'string' ? face.code : ''
  const reason = redact(typeof face?.message === 'string' ? face.message : String(error))
  const details = { request, code }
  if (code === fingerprintMismatch) return storageErrors.TLS(`${name}: ${reason}`, { hint: 'If the certificate was renewed, check the new one on the storage and change the fingerprint.', details })
  if (tlsCodes.test(code)) return storageErrors.TLS(`the certificate of ${name} does not hold: ${reason} (${code})`, { hint: tlsHint(code), details })
  if (timedOutAfterMs !== undefined) return storageErrors.UNREACHABLE(`${name} did not answer ${request} within ${Math.round(timedOutAfterMs / 1000)} s`, { hint: 'Check the address, the network and the load of the storage.', details })
  if (/maxContentLength/.test(reason)) return storageErrors.PROTOCOL(`${name} answered ${request} with more than is accepted: ${reason}`, { details })
  return storageErrors.UNREACHABLE(`${name} did not answer ${request}: ${reason === '' ? code : reason}`, { hint: 'Check the address, the port and the network.', details })
}

function tlsHint(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'Use the name that the certificate is for as address, or give it as server name.'
  if (code === 'CERT_HAS_EXPIRED') return 'Renew the certificate on the storage.'
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return 'Check that the port speaks HTTPS (TLS 1.2 or newer).'
  return "Give the file of the authority that signed it, or the certificate's SHA-256 fingerprint."
}
