import { type ScannedStatement, scanStatement } from './bind-scan.ts'
import { TtcReader, Unreadable } from './ttc-reader.ts'
import { isKnownType, isLob, longestString, type WireValue, type WireVariable, wireType } from './wire-types.ts'

export const executeOption = { parse: 0x1, define: 0x10, execute: 0x20, fetch: 0x40, commit: 0x100, describe: 0x20000, batchErrors: 0x80000, notPlsql: 0x8000 } as const

export type Piggyback =
  | { readonly kind: 'close-cursors'; readonly cursors: readonly number[] }
  | { readonly kind: 'current-schema'; readonly schema: string }
  | { readonly kind: 'end-to-end'; readonly identifier: string | null | undefined; readonly module: string | null | undefined; readonly action: string | null | undefined; readonly clientInfo: string | null | undefined }
  | { readonly kind: 'free-lobs'; readonly locators: Buffer }
  | { readonly kind: 'ignored' }

export interface ExecuteCall {
  readonly kind: 'execute'
  readonly options: number
  readonly cursor: number
  /** Absent when the cursor names a statement that was parsed before. */
  readonly sql: string | undefined
  readonly rows: number
  readonly isQuery: boolean
  readonly iterations: number
  readonly wantsRowCounts: boolean
  readonly defines: readonly WireVariable[]
  readonly binds: readonly WireVariable[]
  readonly values: readonly (readonly WireValue[])[]
}

export interface LobCall {
  readonly kind: 'lob'
  readonly operation: number
  readonly locator: Buffer | null
  readonly offset: number
  readonly destination: number
  readonly hasAmount: boolean
  readonly amount: number
  readonly data: Buffer | null
}

export type Call =
  | { readonly kind: 'protocol' }
  | { readonly kind: 'data-types'; readonly withZone: boolean }
  | { readonly kind: 'logon'; readonly phase: 1 | 2; readonly user: string; readonly mode: number; readonly pairs: ReadonlyMap<string, string> }
  | ExecuteCall
  | { readonly kind: 're-execute'; readonly fetch: boolean; readonly cursor: number; readonly count: number; readonly commit: boolean; readonly values: readonly (readonly WireValue[])[] }
  | { readonly kind: 'fetch'; readonly cursor: number; readonly rows: number }
  | LobCall
  | { readonly kind: 'commit' | 'rollback' | 'ping' | 'logoff' | 'release' | 'unknown' }

export interface ClientRequest {
  readonly piggybacks: readonly Piggyback[]
  readonly call: Call
}

/** What the parser must know of the connection. */
export interface RequestContext {
  readonly fieldVersion: number
  /** The statement of an open cursor, and the binds it was executed with. */
  statement(cursor: number): { readonly scanned: ScannedStatement; readonly binds: readonly WireVariable[] } | undefined
}

const functions = { reExecute: 4, fetch: 5, logoff: 9, commit: 14, rollback: 15, reExecuteAndFetch: 78, execute: 94, lob: 96, closeCursors: 105, logonTwo: 115, logonOne: 118, cancelCursors: 120, endToEnd: 135, ping: 147, currentSchema: 152, applicationContext: 154, release: 163 } as const

/**
 * Reads one request: piggybacks, then the call.
 * @throws Incomplete when more packets must come, Unreadable for what this server does not know
 */
export function parseRequest(bytes: Buffer, context: RequestContext): ClientRequest {
  const reader = new TtcReader(bytes)
  const piggybacks: Piggyback[] = []
  for (;;) {
    const message = reader.u8()
    switch (message) {
      case 1: {
        reader.untilZero()
        reader.untilZero()
        return { piggybacks, call: { kind: 'protocol' } }
      }
      case 2: return { piggybacks, call: dataTypes(reader) }
      case 17: {
        const code = reader.u8()
        reader.u8()
        piggybacks.push(piggyback(reader, code))
        break
      }
      case 3: {
        const code = reader.u8()
        reader.u8()
        return { piggybacks, call: call(reader, code, context) }
      }
      case 26: {
        reader.take(reader.left)
        return { piggybacks, call: { kind: 'release' } }
      }
      default: throw new Unreadable(`message ${String(message)}`)
    }
  }
}

function dataTypes(reader: TtcReader): Call {
  reader.skip(5)
  reader.lb()
  const runtime = reader.lb()
  const withZone = ((runtime?.[1] ?? 0) & 1) === 1
  if (withZone) reader.skip(11)
  while (reader.u16be() !== 0) if (reader.u16be() !== 0) reader.skip(4)
  return { kind: 'data-types', withZone }
}

function call(reader: TtcReader, code: number, context: RequestContext): Call {
  switch (code) {
    case functions.logonOne: return logon(reader, 1)
    case functions.logonTwo: return logon(reader, 2)
    case functions.execute: return execute(reader, context)
    case functions.reExecute:
    case functions.reExecuteAndFetch: return reExecute(reader, code === functions.reExecuteAndFetch, context)
    case functions.fetch: return { kind: 'fetch', cursor: reader.ub(), rows: reader.ub() }
    case functions.lob: return lob(reader)
    case functions.commit: return { kind: 'commit' }
    case functions.rollback: return { kind: 'rollback' }
    case functions.ping: return { kind: 'ping' }
    case functions.logoff: return { kind: 'logoff' }
    default: return { kind: 'unknown' }
  }
}

function logon(reader: TtcReader, phase: 1 | 2): Call {
  reader.u8()
  const length = reader.ub()
  const mode = reader.ub()
  reader.u8()
  const count = reader.ub()
  reader.skip(2)
  const user = length > 0 ? reader.text() : ''
  const pairs = new Map<string, string>()
  for (let left = count; left > 0; left--) {
    const key = reader.sizedText()
    const value = reader.sizedText()
    reader.ub()
    pairs.set(key.replace(/\0$/, ''), value.replace(/\0$/, ''))
  }
  return { kind: 'logon', phase, user, mode, pairs }
}

function piggyback(reader: TtcReader, code: number): Piggyback {
  switch (code) {
    case functions.closeCursors:
    case functions.cancelCursors: {
      reader.u8()
      return { kind: 'close-cursors', cursors: Array.from({ length: reader.ub() }, () => reader.ub()) }
    }
    case functions.currentSchema: {
      reader.u8()
      reader.ub()
      return { kind: 'current-schema', schema: reader.text() }
    }
    case functions.endToEnd: return endToEnd(reader)
    case functions.applicationContext: {
      if (reader.u8() === 1) reader.ub()
      reader.u8()
      const pairs = reader.ub()
      reader.ub()
      reader.u8()
      reader.lb()
      for (let left = pairs; left > 0; left--) {
        reader.sb()
        reader.sb()
        reader.ub()
      }
      return { kind: 'ignored' }
    }
    case functions.lob: return freeLobs(reader)
    default: throw new Unreadable(`piggyback ${String(code)}`)
  }
}

/** Module, action, client information: sent when the application changed them. */
function endToEnd(reader: TtcReader): Piggyback {
  const given = (): boolean | undefined => {
    const pointer = reader.u8()
    const length = reader.ub()
    return pointer === 1 ? length > 0 : undefined
  }
  reader.skip(2)
  reader.ub()
  const [identifier, module, action, context] = [given(), given(), given(), given()]
  reader.u8()
  reader.ub()
  const clientInfo = given()
  reader.u8()
  reader.ub()
  reader.u8()
  reader.ub()
  const operation = given()
  const value = (present: boolean | undefined): string | null | undefined => (present === undefined ? undefined : present ? reader.text() : null)
  const identifierText = value(identifier)
  const moduleText = value(module)
  const actionText = value(action)
  value(context)
  const clientInfoText = value(clientInfo)
  value(operation)
  return { kind: 'end-to-end', identifier: identifierText, module: moduleText, action: actionText, clientInfo: clientInfoText }
}

function freeLobs(reader: TtcReader): Piggyback {
  reader.u8()
  const length = reader.ub()
  reader.u8()
  for (let left = 3; left > 0; left--) reader.ub()
  reader.skip(3)
  reader.ub()
  reader.u8()
  for (let left = 3; left > 0; left--) reader.ub()
  reader.u8()
  for (let left = 3; left > 0; left--) {
    reader.u8()
    reader.ub()
  }
  return { kind: 'free-lobs', locators: reader.take(length) }
}

function execute(reader: TtcReader, context: RequestContext): ExecuteCall {
  const options = reader.ub()
  const cursor = reader.ub()
  reader.u8()
  const sqlLength = reader.ub()
  reader.u8()
  reader.ub()
  reader.skip(3)
  const rows = reader.ub()
  reader.ub()
  reader.u8()
  const bindCount = reader.ub()
  reader.skip(5)
  reader.u8()
  const defineCount = reader.ub()
  reader.ub()
  reader.skip(3)
  reader.ub()
  reader.u8()
  reader.ub()
  reader.ub()
  reader.u8()
  reader.ub()
  reader.u8()
  if (context.fieldVersion >= 8) {
    for (let left = 2; left > 0; left--) {
      reader.u8()
      reader.ub()
    }
    reader.u8()
    if (context.fieldVersion >= 9) {
      reader.u8()
      reader.ub()
    }
  }
  const sql = sqlLength > 0 ? reader.text() : undefined
  const control = Array.from({ length: 13 }, () => reader.ub())
  const iterations = control[1] ?? 1
  const isQuery = control[7] === 1
  const defines = Array.from({ length: defineCount }, () => variable(reader, context))
  const binds = Array.from({ length: bindCount }, () => variable(reader, context))
  const scanned = sql === undefined ? context.statement(cursor)?.scanned : scanStatement(sql)
  return {
    kind: 'execute', options, cursor, sql, rows, isQuery, iterations, defines, binds, wantsRowCounts: ((control[9] ?? 0) & 0x4000) !== 0,
    values: bindRows(reader, binds, isQuery ? 1 : iterations, scanned),
  }
}

function variable(reader: TtcReader, { fieldVersion }: RequestContext): WireVariable {
  const type = reader.u8()
  const flags = reader.u8()
  reader.skip(2)
  const maxSize = reader.ub()
  reader.ub()
  reader.ub()
  if (reader.ub() > 0) reader.lb()
  reader.ub()
  reader.ub()
  const form = reader.u8()
  reader.ub()
  if (fieldVersion >= 8) reader.ub()
  if (!isKnownType(type)) throw new Unreadable(`datatype ${String(type)}`)
  return { type, isArray: (flags & 0x40) !== 0, maxSize, form }
}

function reExecute(reader: TtcReader, fetch: boolean, context: RequestContext): Call {
  const cursor = reader.ub()
  const count = reader.ub()
  reader.ub()
  const flags = reader.ub()
  const statement = context.statement(cursor)
  const values = statement === undefined ? [] : bindRows(reader, statement.binds, fetch ? 1 : count, statement.scanned)
  return { kind: 're-execute', fetch, cursor, count, commit: (flags & 1) !== 0, values }
}

function bindRows(reader: TtcReader, binds: readonly WireVariable[], iterations: number, scanned: ScannedStatement | undefined): WireValue[][] {
  const sent = binds.slice(0, scanned?.returningFrom ?? binds.length)
  if (sent.length === 0) return []
  const isLong = (bind: WireVariable): boolean => scanned?.kind !== 'plsql' && bind.maxSize > longestString && !bind.isArray
  const rows: WireValue[][] = []
  for (let left = Math.max(1, iterations); left > 0; left--) {
    if (reader.u8() !== 7) throw new Unreadable('a bind row was expected')
    const row: WireValue[] = sent.map(() => null)
    for (const long of [false, true]) for (const [index, bind] of sent.entries()) if (isLong(bind) === long) row[index] = bindValue(reader, bind)
    rows.push(row)
  }
  return rows
}

function bindValue(reader: TtcReader, bind: WireVariable): WireValue {
  return bind.isArray ? Array.from({ length: reader.ub() }, () => single(reader, bind.type)) : single(reader, bind.type)
}

function single(reader: TtcReader, type: number): Buffer | null {
  if (isLob(type)) return reader.ub() === 0 ? null : reader.lb()
  if (type === wireType.cursor) {
    reader.u8()
    reader.ub()
    return null
  }
  if (type === wireType.boolean) {
    const length = reader.u8()
    if (length !== 0xfd) return reader.take(length)
    reader.u8()
    return null
  }
  return reader.lb()
}

const lobOperation = { write: 0x40, createTemporary: 0x110 } as const

function lob(reader: TtcReader): LobCall {
  const hasLocator = reader.u8() === 1
  const length = reader.ub()
  reader.u8()
  reader.ub()
  reader.ub()
  reader.ub()
  reader.skip(3)
  const operation = reader.ub()
  reader.skip(2)
  const offset = reader.ub()
  const destination = reader.ub()
  const hasAmount = reader.u8() === 1
  reader.skip(6)
  const locator = hasLocator ? reader.take(length) : null
  if (operation === lobOperation.createTemporary) reader.ub()
  let data: Buffer | null = null
  if (operation === lobOperation.write) {
    reader.u8()
    data = reader.lb()
  }
  const amount = hasAmount ? reader.ub() : 0
  return { kind: 'lob', operation, locator, offset, destination, hasAmount, amount, data }
}
