import { isIcbError, redact } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import { connectTimeoutCode, wrongFingerprintCode } from './tls-agent.ts'

/** An answer of the appliance, read but not judged. */
export interface RestAnswer {
  readonly status: number
  /** Parsed JSON, or `undefined` for an empty body. */
  readonly body: unknown
  readonly date: string | undefined
}

/** What a failed answer says. */
export interface ApplianceFault {
  readonly status: number
  /** `ERR_…`, empty where the body has none. */
  readonly name: string
  readonly text: string
}

const shown = (text: string): string => redact(text).slice(0, 500)

/** Reads `{"fault":{message, code, name, details}}` in either of its documented shapes. */
export function faultOf(status: number, body: unknown): ApplianceFault {
  const fault = (body as { fault?: Record<string, unknown> } | null | undefined)?.fault ?? {}
  const text = (key: string): string => (typeof fault[key] === 'string' ? fault[key] : '')
  const message = text('message')
  const name = text('name') !== '' ? text('name') : (/^ERR_[A-Z_]+/.exec(message)?.[0] ?? '')
  const details = text('details') !== '' ? text('details') : message
  return { status, name, text: shown(details !== '' ? details : typeof body === 'string' ? body : JSON.stringify(body ?? null)) }
}

/** The storage error of an answer that the caller has no better use for. */
export function errorOfFault(what: string, fault: ApplianceFault): Error {
  const { status, name, text } = fault
  const message = `${what}: the appliance answered ${status}${name === '' ? '' : ` ${name}`}: ${text}`
  const details = { status, fault: name, body: text }
  switch (name) {
    case 'ERR_OBJECT_EXISTS':
      return storageErrors.EXISTS(message, { details })
    case 'ERR_CONFIRM_REQUIRED':
      return storageErrors.HAS_CLONES(message, { hint: 'Delete the clones first. This tool never confirms a deletion that takes more with it.', details })
    case 'ERR_STATE_CHANGED':
    case 'ERR_BUSY':
      return storageErrors.BUSY(message, { details })
    case 'ERR_INVALID_ARG':
    case 'ERR_UNKNOWN_ARG':
    case 'ERR_MISSING_ARG':
      return /quota|space|reservation exceeds/i.test(text) && /exceed|insufficient|out of/i.test(text) ? storageErrors.NO_SPACE(message, { details }) : storageErrors.UNSUPPORTED(message, { hint: 'The appliance does not take a name or property of this request.', details })
    default:
      return errorOfStatus(message, fault, details)
  }
}

function errorOfStatus(message: string, { status }: ApplianceFault, details: Readonly<Record<string, unknown>>): Error {
  if (status === 401) return storageErrors.AUTH(message, { hint: 'Either the password is wrong, or the user lacks an authorisation for this pool and project; see docs/storage/zfssa.md.', details })
  if (status === 403) return storageErrors.AUTH(message, { hint: 'The appliance denies this operation: a missing authorisation, a retention hold, or the property "nodestroy".', details })
  if (status === 404) return storageErrors.NOT_FOUND(message, { hint: 'Correct "pool", "project" and "share", or make the share with "icb volume create". In a cluster set "peerUrl".', details })
  if (status === 409) return storageErrors.BUSY(message, { details })
  if (status === 503) return storageErrors.BUSY(message, { details })
  if (status === 502 || status === 504) return storageErrors.UNREACHABLE(message, { details })
  if (status === 501 || status === 405 || status === 415) return storageErrors.UNSUPPORTED(message, { details })
  return storageErrors.PROTOCOL(message, { hint: 'Look at the appliance: its log says more.', details })
}

/** Codes of errors before anything was sent: the request can go to the peer. */
const unsent = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENOTFOUND', 'EAI_AGAIN', connectTimeoutCode])

export function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  const inner = (cause as { code?: unknown } | undefined)?.code
  return typeof inner === 'string' && unsent.has(inner) ? inner : typeof code === 'string' ? code : ''
}

export function wasNotSent(error: unknown): boolean {
  return unsent.has(codeOf(error))
}

/** The storage error of a request without an answer. */
export function errorOfConnection(what: string, host: string, cause: unknown): Error {
  if (isIcbError(cause)) return cause
  const code = codeOf(cause)
  const message = `${what}: ${host}: ${shown(cause instanceof Error ? cause.message : String(cause))}`
  if (code === wrongFingerprintCode) return storageErrors.TLS(message, { hint: 'Compare it with the appliance; a new certificate needs a new "fingerprint".', cause })
  if (/^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO)/.test(code)) {
    return storageErrors.TLS(message, { hint: 'Set "ca" to a PEM file with the certificate of the appliance (or "fingerprint"), and "servername" where the name differs.', details: { code }, cause })
  }
  if (code === 'ECONNREFUSED') return storageErrors.UNREACHABLE(message, { hint: 'Is the REST service of the appliance switched on (Configuration > Services > REST), and the port right (215)?', details: { code }, cause })
  return storageErrors.UNREACHABLE(message, { details: { code }, cause })
}
