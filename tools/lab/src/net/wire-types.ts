/** Datatype numbers of TTC. */
export const wireType = {
  varchar: 1, number: 2, binaryInteger: 3, long: 8, rowid: 11, date: 12, raw: 23, longRaw: 24, char: 96, binaryFloat: 100, binaryDouble: 101, cursor: 102,
  clob: 112, blob: 113, timestamp: 180, timestampTz: 181, intervalYm: 182, intervalDs: 183, timestampLtz: 231, boolean: 252,
} as const

/** A bind or define as the client declares it. */
export interface WireVariable {
  readonly type: number
  readonly isArray: boolean
  /** Bytes. */
  readonly maxSize: number
  /** 2: NCHAR, in UTF-16. */
  readonly form: number
}

/** Bytes of a value; of a LOB its locator; several of an array. */
export type WireValue = Buffer | null | readonly (Buffer | null)[]

const readable: ReadonlySet<number> = new Set(Object.values(wireType))
export const isKnownType = (type: number): boolean => readable.has(type)
export const isLob = (type: number): boolean => type === wireType.clob || type === wireType.blob
/** Longest value that is not a long one; longer ones come last in a row. */
export const longestString = 32767
