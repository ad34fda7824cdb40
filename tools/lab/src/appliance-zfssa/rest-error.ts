import { EngineError } from './engine.ts'
import type { EngineFault } from './engine.ts'

/** The appliance's own error: status, symbol and text of the `fault` body. */
export class RestError extends Error {
  readonly status: number
  readonly symbol: string
  constructor(status: number, symbol: string, message: string) {
    super(message)
    this.name = 'RestError'
    this.status = status
    this.symbol = symbol
  }
}

export const restErrors = {
  invalid: (message: string): RestError => new RestError(400, 'ERR_INVALID_ARG', `invalid input argument (${message})`),
  unknown: (argument: string): RestError => new RestError(400, 'ERR_UNKNOWN_ARG', `unknown argument: "${argument}"`),
  missing: (argument: string): RestError => new RestError(400, 'ERR_MISSING_ARG', `missing required argument: "${argument}"`),
  unauthorized: (): RestError => new RestError(401, 'ERR_UNAUTHORIZED', 'user not authorized to execute command'),
  denied: (message: string): RestError => new RestError(403, 'ERR_DENIED', `operation denied (${message})`),
  notFound: (what: string): RestError => new RestError(404, 'ERR_NOT_FOUND', `the requested resource was not found (${what})`),
  exists: (what: string): RestError => new RestError(409, 'ERR_OBJECT_EXISTS', `request creates an object that already exists (${what})`),
  confirm: (message: string): RestError => new RestError(409, 'ERR_CONFIRM_REQUIRED', `operation requires confirmation (${message})`),
  tooLarge: (): RestError => new RestError(413, 'ERR_OVER_LIMIT', 'input body too large'),
  mediaType: (): RestError => new RestError(415, 'ERR_UNSUPPORTED_MEDIA', 'unsupported media type'),
  internal: (message: string): RestError => new RestError(500, 'ERR_INTERNAL', `internal error (${message})`),
  notImplemented: (): RestError => new RestError(501, 'ERR_NOT_IMPLEMENTED', 'operation not implemented'),
  busy: (): RestError => new RestError(503, 'ERR_BUSY', 'operation not allowed due to limited resources'),
}

const ofEngine: Readonly<Record<EngineFault, (message: string) => RestError>> = {
  exists: restErrors.exists,
  missing: restErrors.notFound,
  'has-clones': restErrors.confirm,
  'newer-snapshots': restErrors.confirm,
  invalid: restErrors.invalid,
  busy: () => restErrors.busy(),
  'no-space': restErrors.denied,
}

export function restErrorOf(error: unknown): RestError {
  if (error instanceof RestError) return error
  if (error instanceof EngineError) return ofEngine[error.kind](error.message)
  return restErrors.internal(error instanceof Error ? error.message : String(error))
}

export function faultBody({ status, symbol, message }: RestError): object {
  return { fault: { message, code: status, name: symbol } }
}
