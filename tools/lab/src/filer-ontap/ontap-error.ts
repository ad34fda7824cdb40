/** An error body of the REST API. */
export class OntapError extends Error {
  readonly status: number
  /** A string, as in the vendor's specification. */
  readonly code: string
  readonly target: string | undefined

  constructor(status: number, code: number | string, message: string, target?: string) {
    super(message)
    this.name = 'OntapError'
    this.status = status
    this.code = String(code)
    this.target = target
  }

  get body(): Readonly<Record<string, unknown>> {
    return { error: { message: this.message, code: this.code, ...(this.target === undefined ? {} : { target: this.target }), arguments: [] } }
  }
}

export const notFound = (what: string): OntapError => new OntapError(404, 4, "entry doesn't exist", what)
export const unsupported = (what: string): OntapError => new OntapError(400, 3, `The specified API or operation is not supported in this release: ${what}`)
export const invalidField = (field: string): OntapError => new OntapError(400, 262197, `The value "${field}" is invalid for field "fields" (<field,...>)`, field)
export const missingField = (field: string): OntapError => new OntapError(400, 2, `Field "${field}" is required`, field)
