/** What the caller should do about an error: correct input, call again, wait for somebody else, or call a person. */
export type Remedy = 'fix' | 'retry' | 'wait' | 'operator'

export interface IcbErrorOptions {
  readonly code: string
  readonly message: string
  readonly remedy: Remedy
  /** One sentence that names the way out. */
  readonly hint?: string | undefined
  /** Facts for machines; never a secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

const brand: unique symbol = Symbol.for('icb.error') as never

/** An error with a stable code. Recognise it with {@link isIcbError}, which also works across two copies of this package. */
export class IcbError extends Error {
  readonly code: string
  readonly remedy: Remedy
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(options: IcbErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'IcbError'
    this.code = options.code
    this.remedy = options.remedy
    this.hint = options.hint
    this.details = options.details ?? {}
    Object.defineProperty(this, brand, { value: true })
  }
}

/** True for every {@link IcbError}, whichever copy of the package made it. */
export function isIcbError(error: unknown): error is IcbError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true
}

/** True for an {@link IcbError} with exactly this code. */
export function hasErrorCode(error: unknown, code: string): error is IcbError {
  return isIcbError(error) && error.code === code
}

export interface ErrorDefinition {
  readonly remedy: Remedy
  /** When this error is raised; one sentence for the catalogue. */
  readonly summary: string
}

export interface ErrorFactoryOptions {
  readonly hint?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

export type ErrorFactories<D> = { readonly [K in keyof D]: (message: string, options?: ErrorFactoryOptions) => IcbError }

export interface ErrorCatalogueEntry extends ErrorDefinition {
  readonly code: string
}

export interface DefinedErrors<D> {
  /** One factory per definition: `errors.NOT_FOUND('no snapshot x')` has the code `ICB_<AREA>_NOT_FOUND`. */
  readonly errors: ErrorFactories<D>
  readonly catalogue: readonly ErrorCatalogueEntry[]
}

/** Defines the errors of one package. `area` is upper case, e.g. `STORAGE`. */
export function defineErrors<const D extends Readonly<Record<string, ErrorDefinition>>>(area: string, definitions: D): DefinedErrors<D> {
  const catalogue: ErrorCatalogueEntry[] = []
  const factories: Record<string, (message: string, options?: ErrorFactoryOptions) => IcbError> = {}
  for (const [name, definition] of Object.entries(definitions)) {
    const code = `ICB_${area}_${name}`
    catalogue.push({ code, ...definition })
    factories[name] = (message, options = {}) => new IcbError({ code, message, remedy: definition.remedy, ...options })
  }
  return { errors: factories as ErrorFactories<D>, catalogue }
}
