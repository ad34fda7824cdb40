import { ora } from '../engine/ora-error.ts'
import { formatWidth } from './date-format.ts'
import type { StatementContext } from './session-state.ts'

export type Kind = 'NUMBER' | 'VARCHAR2' | 'DATE' | 'TIMESTAMP_TZ' | 'INTERVAL' | 'MONTHS' | 'BOOLEAN' | 'NULL'

export interface SqlType {
  readonly kind: Kind
  /** Longest text in characters, for VARCHAR2. */
  readonly length: number
  /** A CLOB: VARCHAR2 in all but its name and its size. */
  readonly clob?: true
  /** Bytes, kept as their text in hexadecimal: RAW, or a BLOB that is no text anywhere. */
  readonly bytes?: 'RAW' | 'BLOB'
  /** Of a column that is a TIMESTAMP without a zone: the clock as it was stored, or as it is in the session's zone (WITH LOCAL TIME ZONE). Results of arithmetic show their zone. */
  readonly wallClock?: 'stored' | 'session'
  /** Of a column: what its declaration says of numbers, and whether it may be null. */
  readonly precision?: number
  readonly scale?: number
  readonly mandatory?: true
}

/** A value expression translated to SQLite, with the type that Oracle gives it. */
export interface Bound {
  readonly sql: string
  readonly type: SqlType
  readonly at: number
  /** Offset of a column that is neither inside an aggregate nor equal to a GROUP BY expression. */
  readonly ungrouped: number | undefined
  readonly aggregate: boolean
}

export const NUMBER: SqlType = { kind: 'NUMBER', length: 22 }
export const DATE: SqlType = { kind: 'DATE', length: 7 }
export const TIMESTAMP_TZ: SqlType = { kind: 'TIMESTAMP_TZ', length: 13 }
export const INTERVAL: SqlType = { kind: 'INTERVAL', length: 11 }
/** INTERVAL YEAR TO MONTH: months. */
export const MONTHS: SqlType = { kind: 'MONTHS', length: 5 }
/** Of PL/SQL alone; 1 and 0 inside SQLite. */
export const BOOLEAN: SqlType = { kind: 'BOOLEAN', length: 1 }
export const CLOB: SqlType = { kind: 'VARCHAR2', length: 4000, clob: true }
export const NULL: SqlType = { kind: 'NULL', length: 1 }
const longestText = 4000
export const varchar = (length: number): SqlType => ({ kind: 'VARCHAR2', length: Math.max(1, Math.min(Math.ceil(length), longestText)) })

/** By which of the session's formats a timestamp becomes text. */
export const timestampFormat = ({ wallClock }: SqlType, nls: Pick<StatementContext['nls'], 'nlsTimestampFormat' | 'nlsTimestampTzFormat'>): string => (wallClock === undefined ? nls.nlsTimestampTzFormat : nls.nlsTimestampFormat)

const oracleNames: Readonly<Record<Kind, string>> = { NUMBER: 'NUMBER', VARCHAR2: 'CHAR', DATE: 'DATE', TIMESTAMP_TZ: 'TIMESTAMP WITH TIME ZONE', INTERVAL: 'INTERVAL DAY TO SECOND', MONTHS: 'INTERVAL YEAR TO MONTH', BOOLEAN: 'BOOLEAN', NULL: 'CHAR' }

export function inconsistent(expected: Kind, got: Kind): ReturnType<typeof ora> {
  return ora(932, `inconsistent datatypes: expected ${oracleNames[expected]} got ${oracleNames[got]}`)
}

/** A SQLite text literal; NUL cannot stand in one. */
export function quote(text: string): string {
  return text.includes('\0') ? `(${text.split('\0').map(quotePart).join('||char(0)||')})` : quotePart(text)
}

function quotePart(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A value made of others: it is ungrouped when one of them is. */
export function derive(sql: string, type: SqlType, parts: readonly Bound[], at: number = parts[0]?.at ?? 0): Bound {
  return { sql, type, at, ungrouped: parts.find((part) => part.ungrouped !== undefined)?.ungrouped, aggregate: parts.some((part) => part.aggregate) }
}

export function textLiteral(text: string, at: number): Bound {
  return text === '' ? { sql: 'NULL', type: NULL, at, ungrouped: undefined, aggregate: false } : { sql: quote(text), type: varchar(Array.from(text).length), at, ungrouped: undefined, aggregate: false }
}

/** Oracle's implicit conversions between datatypes. */
export class Conversions {
  readonly context: StatementContext
  constructor(context: StatementContext) {
    this.context = context
  }

  char(value: Bound): Bound {
    const { nls } = this.context
    switch (value.type.kind) {
      case 'VARCHAR2':
      case 'NULL':
        if (value.type.bytes === 'BLOB') throw ora(932, 'inconsistent datatypes: expected CHAR got BLOB').at(value.at)
        return value
      case 'NUMBER':
        return derive(`o_number_text(${value.sql})`, varchar(40), [value])
      case 'DATE':
        return derive(`o_date_text(${value.sql}, ${quote(nls.nlsDateFormat)})`, varchar(formatWidth(nls.nlsDateFormat)), [value])
      case 'TIMESTAMP_TZ':
        return derive(`o_timestamp_text(${value.sql}, ${quote(timestampFormat(value.type, nls))})`, varchar(formatWidth(timestampFormat(value.type, nls))), [value])
      case 'INTERVAL':
        return derive(`o_interval_text(${value.sql})`, varchar(30), [value])
      case 'MONTHS':
        return derive(`o_months_text(${value.sql})`, varchar(30), [value])
      case 'BOOLEAN':
        throw inconsistent('VARCHAR2', 'BOOLEAN').at(value.at)
    }
  }

  number(value: Bound): Bound {
    if (value.type.kind === 'NUMBER' || value.type.kind === 'NULL') return value
    if (value.type.kind !== 'VARCHAR2') throw inconsistent('NUMBER', value.type.kind).at(value.at)
    return derive(`o_to_number(${value.sql})`, NUMBER, [value])
  }

  date(value: Bound): Bound {
    const { context } = this
    switch (value.type.kind) {
      case 'DATE':
      case 'NULL':
        return value
      case 'VARCHAR2':
        return derive(`o_to_date(${value.sql}, ${quote(context.nls.nlsDateFormat)}, ${String(context.now + context.databaseOffset * 60000)})`, DATE, [value])
      case 'TIMESTAMP_TZ':
        return derive(`o_timestamp_date(${value.sql})`, DATE, [value])
      default:
        throw inconsistent('DATE', value.type.kind).at(value.at)
    }
  }

  timestamp(value: Bound): Bound {
    const { context } = this
    switch (value.type.kind) {
      case 'TIMESTAMP_TZ':
      case 'NULL':
        return value
      case 'DATE':
        return derive(`o_date_timestamp(${value.sql}, ${quote(context.sessionZone)})`, TIMESTAMP_TZ, [value])
      case 'VARCHAR2':
        return derive(`o_to_timestamp(${value.sql}, ${quote(context.nls.nlsTimestampTzFormat)}, ${String(context.now + context.sessionOffset * 60000)}, ${quote(context.sessionZone)})`, TIMESTAMP_TZ, [value])
      default:
        throw inconsistent('TIMESTAMP_TZ', value.type.kind).at(value.at)
    }
  }

  to(kind: Kind, value: Bound): Bound {
    switch (kind) {
      case 'NUMBER':
        return this.number(value)
      case 'DATE':
        return this.date(value)
      case 'TIMESTAMP_TZ':
        return this.timestamp(value)
      case 'VARCHAR2':
        return this.char(value)
      case 'INTERVAL':
      case 'MONTHS':
        if (value.type.kind !== kind && value.type.kind !== 'NULL') throw inconsistent(kind, value.type.kind).at(value.at)
        return value
      case 'BOOLEAN':
        if (value.type.kind !== 'BOOLEAN' && value.type.kind !== 'NULL') throw inconsistent('BOOLEAN', value.type.kind).at(value.at)
        return value
      case 'NULL':
        return value
    }
  }

  /** The type in which two values are compared: text follows the other side, DATE becomes TIMESTAMP. */
  comparable(left: Kind, right: Kind): Kind {
    if (left === right || right === 'NULL') return left
    if (left === 'NULL' || left === 'VARCHAR2') return right
    if (right === 'VARCHAR2') return left
    if ((left === 'DATE' && right === 'TIMESTAMP_TZ') || (left === 'TIMESTAMP_TZ' && right === 'DATE')) return 'TIMESTAMP_TZ'
    throw inconsistent(left, right)
  }

  /** Values that must be of one type already (CASE, COALESCE, UNION); NULL fits anywhere. */
  same(values: readonly Bound[]): { readonly type: SqlType; readonly values: readonly Bound[] } {
    const typed = values.filter((value) => value.type.kind !== 'NULL')
    const first = typed[0]
    if (first === undefined) return { type: NULL, values }
    const kind = first.type.kind
    for (const value of typed) {
      const dates = kind === 'DATE' || kind === 'TIMESTAMP_TZ'
      if (value.type.kind !== kind && !(dates && (value.type.kind === 'DATE' || value.type.kind === 'TIMESTAMP_TZ'))) throw inconsistent(kind, value.type.kind).at(value.at)
    }
    return this.following(kind, values)
  }

  /** Values converted to the type of the first, as NVL and DECODE do. */
  following(kind: Kind, values: readonly Bound[]): { readonly type: SqlType; readonly values: readonly Bound[] } {
    const converted = values.map((value) => this.to(kind, value))
    return { type: kind === 'VARCHAR2' ? varchar(Math.max(...converted.map((value) => value.type.length))) : (converted.find((value) => value.type.kind === kind)?.type ?? NULL), values: converted }
  }
}
