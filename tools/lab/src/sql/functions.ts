import { ora } from '../engine/ora-error.ts'
import { CLOB, DATE, derive, inconsistent, INTERVAL, MONTHS, NULL, NUMBER, quote, textLiteral, TIMESTAMP_TZ, varchar, type Bound, type Conversions, type SqlType } from './bound.ts'
import { formatWidth } from './date-format.ts'
import { timestampText } from './zone.ts'

export interface CallContext extends Conversions {
  /** SYS_CONTEXT('USERENV', name); `undefined` for an unknown name. */
  environment(name: string): string | null | undefined
  /** The text of a literal argument, to find widths; `undefined` when it is computed. */
  literal(argument: Bound): string | undefined
}

interface Rule {
  readonly least: number
  readonly most: number
  readonly bind: (args: readonly Bound[], context: CallContext, at: number) => Bound
}

const rules = new Map<string, Rule>()
const many = 999

function define(names: string, least: number, most: number, bind: Rule['bind']): void {
  for (const name of names.split(' ')) rules.set(name, { least, most, bind })
}

function argument(args: readonly Bound[], index: number): Bound {
  const found = args[index]
  if (found === undefined) throw ora(938, 'not enough arguments for function')
  return found
}

const list = (args: readonly Bound[]): string => args.map((arg) => arg.sql).join(', ')
const constant = (sql: string, type: SqlType, at: number): Bound => ({ sql, type, at, ungrouped: undefined, aggregate: false })

/** Arguments converted to text, result text as long as the first unless said otherwise. */
function textFunction(name: string, least: number, most: number, kinds: string, length?: (args: readonly Bound[]) => number): void {
  define(name, least, most, (args, context, at) => {
    const converted = args.map((arg, index) => (kinds[index] === 'n' ? context.number(arg) : context.char(arg)))
    return derive(`o_${name.toLowerCase()}(${list(converted)})`, varchar(length === undefined ? argument(converted, 0).type.length : length(converted)), converted, at)
  })
}

function numberFunction(name: string, least: number, most: number, kinds: string, sql = `o_${name.toLowerCase()}`): void {
  define(name, least, most, (args, context, at) => {
    const converted = args.map((arg, index) => (kinds[index] === 'c' ? context.char(arg) : context.number(arg)))
    return derive(`${sql}(${list(converted)})`, NUMBER, converted, at)
  })
}

textFunction('UPPER', 1, 1, 'c')
textFunction('LOWER', 1, 1, 'c')
textFunction('INITCAP', 1, 1, 'c')
textFunction('SUBSTR', 2, 3, 'cnn')
textFunction('LTRIM', 1, 2, 'cc')
textFunction('RTRIM', 1, 2, 'cc')
textFunction('TRANSLATE', 3, 3, 'ccc')
textFunction('REPLACE', 2, 3, 'ccc', (args) => argument(args, 0).type.length * Math.max(1, args[2]?.type.length ?? 1))
textFunction('LPAD', 2, 3, 'cnc', () => 4000)
textFunction('RPAD', 2, 3, 'cnc', () => 4000)
textFunction('CHR', 1, 1, 'n', () => 1)
textFunction('REGEXP_SUBSTR', 2, 6, 'ccnncn')
textFunction('REGEXP_REPLACE', 2, 6, 'cccnnc', () => 4000)
numberFunction('INSTR', 2, 4, 'ccnn')
define('LENGTH', 1, 1, (args, context, at) => {
  const value = argument(args, 0)
  return value.type.bytes === 'BLOB' ? derive(`length(${value.sql}) / 2`, NUMBER, args, at) : derive(`length(${context.char(value).sql})`, NUMBER, args, at)
})
define('RAWTOHEX', 1, 1, (args, _context, at) => {
  const { sql, type } = argument(args, 0)
  if (type.bytes !== 'RAW' && type.kind !== 'NULL') throw ora(932, 'inconsistent datatypes: expected RAW').at(at)
  return derive(sql, varchar(type.length), args, at)
})
define('HEXTORAW', 1, 1, (args, context, at) => {
  const text = context.char(argument(args, 0))
  return derive(`o_hextoraw(${text.sql})`, { ...varchar(text.type.length), bytes: 'RAW' }, args, at)
})
numberFunction('ASCII', 1, 1, 'c')
numberFunction('REGEXP_COUNT', 2, 2, 'cc')
numberFunction('REGEXP_INSTR', 2, 2, 'cc')
numberFunction('MOD', 2, 2, 'nn')
numberFunction('CEIL', 1, 1, 'n')
numberFunction('FLOOR', 1, 1, 'n')
numberFunction('POWER', 2, 2, 'nn')
numberFunction('SQRT', 1, 1, 'n')
numberFunction('BITAND', 2, 2, 'nn')
numberFunction('EXP', 1, 1, 'n')
numberFunction('LN', 1, 1, 'n')
numberFunction('LOG', 2, 2, 'nn')
numberFunction('SIN', 1, 1, 'n')
numberFunction('COS', 1, 1, 'n')
numberFunction('TAN', 1, 1, 'n')
numberFunction('ORA_HASH', 1, 2, 'cn')
define('SYS_GUID', 0, 0, (_args, _context, at) => constant('upper(hex(randomblob(16)))', varchar(32), at))
define('TO_CLOB', 1, 1, (args, context, at) => ({ ...context.char(argument(args, 0)), type: CLOB, at }))

define('LENGTHB', 1, 1, (args, context, at) => derive(`length(cast(${context.char(argument(args, 0)).sql} as blob))`, NUMBER, args, at))
define('ABS', 1, 1, (args, context, at) => {
  const value = context.number(argument(args, 0))
  return derive(`CASE WHEN ${value.sql} < 0 THEN o_subtract(0, ${value.sql}) ELSE ${value.sql} END`, NUMBER, [value], at)
})
define('SIGN', 1, 1, (args, context, at) => {
  const value = context.number(argument(args, 0))
  return derive(`CASE WHEN ${value.sql} < 0 THEN -1 WHEN ${value.sql} > 0 THEN 1 WHEN ${value.sql} = 0 THEN 0 END`, NUMBER, [value], at)
})
define('CONCAT', 2, 2, (args, context, at) => concatenate(context, argument(args, 0), argument(args, 1), at))

for (const [name, sql] of [
  ['ROUND', 'round'],
  ['TRUNC', 'trunc'],
] as const) {
  define(name, 1, 2, (args, context, at) => {
    const value = argument(args, 0)
    const dates = value.type.kind === 'DATE' || value.type.kind === 'TIMESTAMP_TZ'
    const second = args[1]
    if (dates) return derive(`o_date_${sql}(${context.date(value).sql}, ${second === undefined ? "'DD'" : context.char(second).sql})`, DATE, args, at)
    return derive(`o_${sql}(${context.number(value).sql}, ${second === undefined ? '0' : context.number(second).sql})`, NUMBER, args, at)
  })
}

define('NVL', 2, 2, (args, context, at) => {
  const first = argument(args, 0)
  const kind = first.type.kind === 'NULL' ? argument(args, 1).type.kind : first.type.kind
  const { type, values } = context.following(kind, args)
  return derive(`ifnull(${list(values)})`, type, values, at)
})
define('NVL2', 3, 3, (args, context, at) => {
  const results = args.slice(1)
  const kind = results.find((result) => result.type.kind !== 'NULL')?.type.kind ?? 'NULL'
  const { type, values } = context.following(kind, results)
  return derive(`CASE WHEN ${argument(args, 0).sql} IS NOT NULL THEN ${argument(values, 0).sql} ELSE ${argument(values, 1).sql} END`, type, [argument(args, 0), ...values], at)
})
define('COALESCE', 2, many, (args, context, at) => {
  const { type, values } = context.same(args)
  return derive(`coalesce(${list(values)})`, type, values, at)
})
define('NULLIF', 2, 2, (args, context, at) => {
  const { type, values } = context.same(args)
  return derive(`nullif(${list(values)})`, type, values, at)
})
define('DECODE', 3, many, (args, context, at) => {
  const value = argument(args, 0)
  const searches: Bound[] = []
  const results: Bound[] = []
  let index = 1
  for (; index + 1 < args.length; index += 2) {
    searches.push(argument(args, index))
    results.push(argument(args, index + 1))
  }
  if (index < args.length) results.push(argument(args, index))
  const searchKind = argument(searches, 0).type.kind === 'NULL' ? value.type.kind : argument(searches, 0).type.kind
  // A NULL as first result makes the result VARCHAR2.
  const resultKind = argument(results, 0).type.kind === 'NULL' ? 'VARCHAR2' : argument(results, 0).type.kind
  const { type, values } = context.following(resultKind, results)
  const compared = context.to(searchKind, value)
  const branches = searches.map((search, branch) => `WHEN ${compared.sql} IS ${context.to(searchKind, search).sql} THEN ${argument(values, branch).sql}`)
  const otherwise = values.length > searches.length ? ` ELSE ${argument(values, values.length - 1).sql}` : ''
  return derive(`CASE ${branches.join(' ')}${otherwise} END`, type, args, at)
})
for (const [name, sql] of [
  ['GREATEST', 'max'],
  ['LEAST', 'min'],
] as const) {
  define(name, 1, many, (args, context, at) => {
    const { type, values } = context.following(argument(args, 0).type.kind, args)
    return values.length === 1 ? argument(values, 0) : derive(`${sql}(${list(values)})`, type, values, at)
  })
}

define('TO_CHAR', 1, 3, (args, context, at) => {
  const value = argument(args, 0)
  const format = args[1]
  if (format === undefined) return context.char(value)
  const model = context.char(format)
  const written = context.literal(format)
  switch (value.type.kind) {
    case 'NUMBER':
      return derive(`o_number_format(${value.sql}, ${model.sql})`, varchar(written === undefined || /tm/i.test(written) ? 64 : /rn/i.test(written) ? 15 : written.length + (/l/i.test(written) ? 10 : 1)), [value, model], at)
    case 'DATE':
      return derive(`o_date_text(${value.sql}, ${model.sql})`, varchar(written === undefined ? 75 : formatWidth(written)), [value, model], at)
    case 'TIMESTAMP_TZ':
      return derive(`o_timestamp_text(${value.sql}, ${model.sql})`, varchar(written === undefined ? 75 : formatWidth(written)), [value, model], at)
    case 'VARCHAR2':
      return derive(`o_number_format(${context.number(value).sql}, ${model.sql})`, varchar(64), [value, model], at)
    case 'INTERVAL':
    case 'MONTHS':
      return context.char(value)
    case 'BOOLEAN':
      throw inconsistent('VARCHAR2', 'BOOLEAN').at(at)
    case 'NULL':
      return constant('NULL', varchar(1), at)
  }
})
define('TO_NUMBER', 1, 3, (args, context, at) => {
  const value = argument(args, 0)
  const format = args[1]
  return format === undefined ? context.number(value) : derive(`o_to_number_format(${context.char(value).sql}, ${context.char(format).sql})`, NUMBER, [value, format], at)
})
define('TO_DATE', 1, 3, (args, context, at) => {
  const value = argument(args, 0)
  const format = args[1]
  if (value.type.kind === 'DATE' && format === undefined) return value
  const text = context.char(value)
  if (format === undefined) return context.date(text)
  return derive(`o_to_date(${text.sql}, ${context.char(format).sql}, ${String(context.context.now + context.context.databaseOffset * 60000)})`, DATE, [text, format], at)
})
define('TO_TIMESTAMP TO_TIMESTAMP_TZ', 1, 3, (args, context, at) => {
  const text = context.char(argument(args, 0))
  const format = args[1]
  const { nls, now, sessionOffset, sessionZone } = context.context
  const model = format === undefined ? quote(nls.nlsTimestampFormat) : context.char(format).sql
  return derive(`o_to_timestamp(${text.sql}, ${model}, ${String(now + sessionOffset * 60000)}, ${quote(sessionZone)})`, TIMESTAMP_TZ, args, at)
})
define('ADD_MONTHS', 2, 2, (args, context, at) => derive(`o_add_months(${context.date(argument(args, 0)).sql}, ${context.number(argument(args, 1)).sql})`, DATE, args, at))
define('MONTHS_BETWEEN', 2, 2, (args, context, at) => derive(`o_months_between(${context.date(argument(args, 0)).sql}, ${context.date(argument(args, 1)).sql})`, NUMBER, args, at))
define('LAST_DAY', 1, 1, (args, context, at) => derive(`o_last_day(${context.date(argument(args, 0)).sql})`, DATE, args, at))
define('NEXT_DAY', 2, 2, (args, context, at) => derive(`o_next_day(${context.date(argument(args, 0)).sql}, ${context.char(argument(args, 1)).sql})`, DATE, args, at))
define('SYS_EXTRACT_UTC', 1, 1, (args, context, at) => derive(`o_timestamp_zone(${context.timestamp(argument(args, 0)).sql}, '+00:00')`, TIMESTAMP_TZ, args, at))
define('FROM_TZ', 2, 2, (args, context, at) => derive(`o_date_timestamp(o_timestamp_date(${context.timestamp(argument(args, 0)).sql}), ${context.char(argument(args, 1)).sql})`, TIMESTAMP_TZ, args, at))
define('NUMTODSINTERVAL', 2, 2, (args, context, at) => {
  const unit = context.literal(argument(args, 1))?.toUpperCase()
  const seconds = unit === undefined ? undefined : { DAY: 86400, HOUR: 3600, MINUTE: 60, SECOND: 1 }[unit]
  if (seconds === undefined) throw ora(1760, 'illegal argument for function').at(at)
  return derive(`(0.0 + o_multiply(${context.number(argument(args, 0)).sql}, ${String(seconds)}))`, INTERVAL, args, at)
})
define('NUMTOYMINTERVAL', 2, 2, (args, context, at) => {
  const unit = context.literal(argument(args, 1))?.toUpperCase()
  if (unit !== 'YEAR' && unit !== 'MONTH') throw ora(1760, 'illegal argument for function').at(at)
  return derive(`o_round(o_multiply(${context.number(argument(args, 0)).sql}, ${unit === 'YEAR' ? '12' : '1'}), 0)`, MONTHS, args, at)
})
define('SYS_CONTEXT', 2, 3, (args, context, at) => {
  const namespace = context.literal(argument(args, 0))
  const name = context.literal(argument(args, 1))
  if (namespace?.toUpperCase() !== 'USERENV' || name === undefined) return constant('NULL', varchar(256), at)
  const value = context.environment(name.toUpperCase())
  if (value === undefined) throw ora(2003, 'invalid USERENV parameter').at(at)
  return value === null ? constant('NULL', varchar(256), at) : { ...textLiteral(value, at), type: varchar(256) }
})

/** `||`: null is the empty text, and an empty result is null again. */
export function concatenate(context: Conversions, left: Bound, right: Bound, at: number): Bound {
  const [a, b] = [context.char(left), context.char(right)]
  if (a.type.kind === 'NULL' && b.type.kind === 'NULL') return constant('NULL', varchar(1), at)
  return derive(`nullif(ifnull(${a.sql}, '') || ifnull(${b.sql}, ''), '')`, varchar((a.type.kind === 'NULL' ? 0 : a.type.length) + (b.type.kind === 'NULL' ? 0 : b.type.length)), [a, b], at)
}

/** Functions without parentheses; `undefined`: not one. */
export function bindPseudo(name: string, context: CallContext, at: number): Bound | undefined {
  const { now, databaseOffset, sessionOffset, databaseZone, nls } = context.context
  switch (name) {
    case 'SYSDATE':
      return constant(`o_local_date(${String(now)}, ${quote(databaseZone)})`, DATE, at)
    case 'CURRENT_DATE':
      return constant(`o_local_date(${String(now)}, ${quote(context.context.sessionZone)})`, DATE, at)
    case 'SYSTIMESTAMP':
      return constant(quote(timestampText(now, databaseOffset)), TIMESTAMP_TZ, at)
    case 'CURRENT_TIMESTAMP':
    case 'LOCALTIMESTAMP':
      return constant(quote(timestampText(now, sessionOffset)), TIMESTAMP_TZ, at)
    case 'SESSIONTIMEZONE':
      return { ...textLiteral(nls.timeZone ?? databaseZone, at), type: varchar(75) }
    case 'DBTIMEZONE':
      return { ...textLiteral('+00:00', at), type: varchar(6) }
    case 'USER':
      return { ...textLiteral(context.environment('SESSION_USER') ?? 'SYS', at), type: varchar(128) }
    case 'UID':
      return constant('0', NUMBER, at)
    default:
      return undefined
  }
}

/**
 * A call of a single-row function.
 * @throws OraError 00904 unknown function, 00909, 00938, 00939 wrong number of arguments
 */
export function bindCall(name: string, args: readonly Bound[], context: CallContext, at: number): Bound {
  const rule = rules.get(name)
  if (rule === undefined) {
    const pseudo = args.length === 0 && ['SESSIONTIMEZONE', 'SYSTIMESTAMP', 'CURRENT_TIMESTAMP', 'LOCALTIMESTAMP'].includes(name) ? bindPseudo(name, context, at) : undefined
    if (pseudo !== undefined) return pseudo
    throw ora(904, `${name.split('.').map((part) => `"${part}"`).join('.')}: invalid identifier`).at(at)
  }
  if (args.length < rule.least || args.length > rule.most) {
    if (rule.least === rule.most) throw ora(909, 'invalid number of arguments').at(at)
    throw (args.length < rule.least ? ora(938, 'not enough arguments for function') : ora(939, 'too many arguments for function')).at(at)
  }
  const bound = rule.bind(args, context, at)
  return { ...bound, at }
}

/** Whether a single-row function of that name exists. */
export const isFunction = (name: string): boolean => rules.has(name)

/** Used by TO_CHAR(NULL) and others that have no type of their own. */
export const nullOf = (at: number): Bound => constant('NULL', NULL, at)
