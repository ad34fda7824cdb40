import { setImmediate } from 'node:timers/promises'
import type { LabInstance } from '../engine/instance.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { OraError, ora } from '../engine/ora-error.ts'
import type { OutBind } from '../engine/protocol.ts'
import type { Binds } from '../sql/compile-expression.ts'
import { executeSql, openSql } from '../sql-engine.ts'
import { OpenCursor } from '../sql/open-cursor.ts'
import { OpenQuery, type StoredValue } from '../sql/run-query.ts'
import { statementContext, stateOf } from '../sql/session-state.ts'
import { type BatchError, callError, type CallEnd, noMoreRows, type ServerProtocol, statusAnswer, writeEnd } from './answers.ts'
import { type ScannedStatement, scanStatement } from './bind-scan.ts'
import { type BindContext, bindValue } from './bind-values.ts'
import { writeColumns, writeDescribe, writeValue } from './columns.ts'
import { performLob } from './lob-calls.ts'
import { Lobs } from './lobs.ts'
import { NetCursor, writeLocator } from './net-cursor.ts'
import { type Call, type ExecuteCall, executeOption, type Piggyback, type RequestContext } from './requests.ts'
import { TtcWriter } from './ttc-writer.ts'
import { isLob, type WireValue, type WireVariable, wireType } from './wire-types.ts'

/** Sends a part of an answer; `false` when the client does not want it any more. */
export type Send = (message: Buffer) => Promise<boolean>

/** How one execution ended, before it is written. */
interface Outcome {
  readonly rowCount: number
  readonly warning: boolean
  readonly outBinds: readonly (Readonly<Record<string, OutBind | OpenCursor>> | undefined)[]
  readonly rowCounts: readonly number[]
  readonly batchErrors: readonly BatchError[]
}

const direction = { in: 32, inOut: 48 } as const
const mostCursors = 65535

/** A session of a client of Oracle Net: performs calls on the instance and writes the answers. */
export class NetSession implements RequestContext {
  readonly fieldVersion: number
  readonly #instance: LabInstance
  readonly #session: ServerSession
  readonly #cursors = new Map<number, NetCursor>()
  readonly #lobs = new Lobs()

  constructor(instance: LabInstance, session: ServerSession, { fieldVersion }: ServerProtocol) {
    this.#instance = instance
    this.#session = session
    this.fieldVersion = fieldVersion
  }

  statement(cursor: number): NetCursor | undefined {
    return this.#cursors.get(cursor)
  }

  /** The instance as the session's container sees it. */
  get #database(): Instance {
    return this.#session.container > 0 ? this.#instance.inContainer(this.#session.container) : this.#instance
  }

  get #inTransaction(): boolean {
    return stateOf(this.#session).pending.length > 0
  }

  /** Ends the session; changes that were not committed are forgotten. */
  close(): void {
    for (const cursor of this.#cursors.values()) cursor.close()
    this.#cursors.clear()
    this.#lobs.clear()
    this.#instance.closeSession(this.#session.sid)
  }

  async piggyback(piggyback: Piggyback): Promise<void> {
    switch (piggyback.kind) {
      case 'close-cursors':
        for (const id of piggyback.cursors) this.#forget(id)
        break
      case 'free-lobs': this.#lobs.free(piggyback.locators)
        break
      case 'end-to-end':
        if (piggyback.identifier !== undefined) this.#session.clientIdentifier = piggyback.identifier
        if (piggyback.module !== undefined) this.#session.module = piggyback.module
        if (piggyback.action !== undefined) this.#session.action = piggyback.action
        if (piggyback.clientInfo !== undefined) this.#session.clientInfo = piggyback.clientInfo
        break
      case 'current-schema': await executeSql(this.#instance, this.#session, `alter session set current_schema = "${piggyback.schema.replaceAll('"', '')}"`)
        break
      case 'ignored': break
    }
  }

  #forget(id: number): void {
    this.#cursors.get(id)?.close()
    this.#cursors.delete(id)
  }

  /** Performs one call and sends its whole answer. @param interrupt aborts when the client breaks the call off */
  async perform(call: Call, send: Send, interrupt: AbortSignal): Promise<void> {
    const writer = new TtcWriter()
    try {
      if (this.#session.abort.aborted) throw this.#session.abort.reason
      interrupt.throwIfAborted()
      this.#session.interrupt = interrupt
      if (this.#session.status !== 'KILLED') this.#session.status = 'ACTIVE'
      await send(await this.#call(call, writer, send))
    } catch (error) {
      const answer = new TtcWriter()
      writeEnd(answer, { inTransaction: this.#inTransaction, error: this.errorOf(error) })
      await send(answer.done())
    } finally {
      this.#session.interrupt = undefined
      if (this.#session.status === 'ACTIVE') this.#session.status = 'INACTIVE'
    }
  }

  /** What the client gets to know of an error; what is no OraError goes to the alert log too. */
  errorOf(error: unknown): CallEnd['error'] {
    if (error instanceof OraError) return callError(error)
    this.#instance.diagnostics.alert(`Errors in a session: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return callError(ora(20999, `the simulator failed: ${error instanceof Error ? error.message : String(error)}`))
  }

  async #call(call: Call, writer: TtcWriter, send: Send): Promise<Buffer> {
    switch (call.kind) {
      case 'execute': return this.#execute(call, writer, send)
      case 're-execute': {
        const cursor = this.#find(call.cursor)
        return this.#run(cursor, { ...call, options: executeOption.execute | (call.fetch ? executeOption.fetch : 0) | (call.commit ? executeOption.commit : 0), rows: call.count, wantsRowCounts: false, describe: false }, writer, send)
      }
      case 'fetch': return this.#fetch(this.#find(call.cursor), call.rows, writer, send)
      case 'lob': {
        performLob(call, this.#lobs, writer)
        writeEnd(writer, { inTransaction: this.#inTransaction })
        return writer.done()
      }
      case 'commit':
      case 'rollback':
        await executeSql(this.#instance, this.#session, call.kind)
        return statusAnswer(false)
      case 'ping':
      case 'logoff': return statusAnswer(this.#inTransaction)
      default: throw ora(3115, 'unsupported network datatype or representation')
    }
  }

  /** @throws OraError 01001 */
  #find(id: number): NetCursor {
    const cursor = this.#cursors.get(id)
    if (cursor === undefined) throw ora(1001, 'invalid cursor')
    return cursor
  }

  /** @throws OraError 01000 */
  #parse(sql: string): NetCursor {
    if (this.#cursors.size >= Number(this.#instance.parameters.get('open_cursors')?.value ?? 300)) throw ora(1000, 'maximum open cursors exceeded')
    let id = 1
    while (this.#cursors.has(id)) id += 1
    if (id > mostCursors) throw ora(1000, 'maximum open cursors exceeded')
    const cursor = new NetCursor(id, sql, scanStatement(sql))
    this.#cursors.set(id, cursor)
    return cursor
  }

  async #execute(call: ExecuteCall, writer: TtcWriter, send: Send): Promise<Buffer> {
    if (call.sql === undefined) {
      const cursor = this.#find(call.cursor)
      if (call.defines.length > 0) cursor.define(call.defines)
      if (call.binds.length > 0) cursor.binds = call.binds
      if ((call.options & executeOption.execute) === 0) return this.#fetch(cursor, (call.options & executeOption.fetch) === 0 ? 0 : call.rows, writer, send)
      return this.#run(cursor, { ...call, describe: false }, writer, send)
    }
    if (call.cursor !== 0) this.#forget(call.cursor)
    const cursor = this.#parse(call.sql)
    cursor.binds = call.binds
    try {
      return await this.#run(cursor, { ...call, describe: true }, writer, send)
    } catch (error) {
      this.#forget(cursor.id)
      throw error
    }
  }

  async #run(cursor: NetCursor, call: RunOptions, writer: TtcWriter, send: Send): Promise<Buffer> {
    const context = this.#bindContext()
    const rows = call.values.map((row) => bindsOf(cursor, row, context))
    // Nothing is bound yet when a statement is only described.
    if ((call.options & executeOption.describe) !== 0 && rows.length === 0) rows.push(Object.fromEntries(cursor.scanned.binds.map((name) => [name, null])))
    if (cursor.scanned.kind === 'query') {
      const opened = await openSql(this.#database, this.#session, cursor.sql, rows[0] ?? {})
      if (!(opened instanceof OpenQuery)) throw ora(900, 'invalid SQL statement')
      const changed = cursor.open(opened)
      if (call.describe || changed) writeDescribe(writer, cursor.columns, this.fieldVersion)
      const fetch = (call.options & executeOption.fetch) !== 0 && (call.options & executeOption.execute) !== 0 && (!cursor.hasLobs || cursor.isDefined)
      return this.#fetch(cursor, fetch ? call.rows : 0, writer, send)
    }
    if ((call.options & executeOption.execute) === 0) {
      writeEnd(writer, { cursor: cursor.id, inTransaction: this.#inTransaction })
      return writer.done()
    }
    const outcome = await this.#change(cursor, rows.length === 0 ? [{}] : rows, (call.options & executeOption.batchErrors) !== 0)
    if ((call.options & executeOption.commit) !== 0) await executeSql(this.#instance, this.#session, 'commit')
    this.#writeOutcome(cursor, outcome, call, writer)
    return writer.done()
  }

  #bindContext(): BindContext {
    const { sessionZone, now } = statementContext(this.#instance, this.#session)
    return { sessionZone, now, lob: (locator) => this.#lobs.content(locator) }
  }

  /** Executes a statement that is no query once for each row of binds. */
  async #change(cursor: NetCursor, rows: readonly Binds[], collect: boolean): Promise<Outcome> {
    const outBinds: (Readonly<Record<string, OutBind | OpenCursor>> | undefined)[] = []
    const rowCounts: number[] = []
    const batchErrors: BatchError[] = []
    let warning = false
    for (const [row, binds] of rows.entries()) {
      let result: Awaited<ReturnType<typeof openSql>>
      try {
        result = await openSql(this.#database, this.#session, cursor.sql, binds)
      } catch (error) {
        if (!collect || !(error instanceof OraError)) throw error
        batchErrors.push({ row, error: callError(error) })
        rowCounts.push(0)
        continue
      }
      if (result instanceof OpenQuery) {
        result.close()
        throw ora(900, 'invalid SQL statement')
      }
      warning ||= result.message?.startsWith('Warning:') === true
      rowCounts.push(result.rowCount ?? 0)
      outBinds.push(result.refCursors === undefined ? result.outBinds : { ...result.outBinds, ...Object.fromEntries(result.refCursors) })
    }
    return { rowCount: rowCounts.reduce((sum, count) => sum + count, 0), warning, outBinds, rowCounts, batchErrors }
  }

  #writeOutcome(cursor: NetCursor, outcome: Outcome, call: RunOptions, writer: TtcWriter): void {
    const { scanned, binds } = cursor
    if (call.wantsRowCounts) {
      writer.u8(8).zeros(4).ub(outcome.rowCounts.length)
      for (const count of outcome.rowCounts) writer.ub(count)
    }
    if (scanned.returningFrom !== undefined) this.#writeReturned(scanned, scanned.returningFrom, binds, outcome, writer)
    else if (scanned.kind === 'plsql' && binds.length > 0) this.#writeOutBinds(scanned, binds, outcome, writer)
    writeEnd(writer, { cursor: cursor.id, rowCount: outcome.rowCount, inTransaction: this.#inTransaction, warning: outcome.warning, batchErrors: outcome.batchErrors })
  }

  /** Message 7: what RETURNING … INTO gave, an array for each bind. */
  #writeReturned(scanned: ScannedStatement, from: number, binds: readonly WireVariable[], outcome: Outcome, writer: TtcWriter): void {
    for (const out of outcome.outBinds) {
      writer.u8(7)
      for (const [index, variable] of binds.entries()) {
        if (index < from) continue
        const given = out?.[scanned.binds[index] ?? ''] ?? []
        const values = Array.isArray(given) ? given : [given as StoredValue]
        writer.ub(values.length)
        for (const value of values) this.#writeOut(value as StoredValue, variable, writer)
      }
    }
  }

  /** Message 11, which binds the block changed, and message 7 with their values for each execution. */
  #writeOutBinds({ binds: names }: ScannedStatement, binds: readonly WireVariable[], outcome: Outcome, writer: TtcWriter): void {
    const changed = names.map((name) => outcome.outBinds.some((out) => out !== undefined && name in out))
    writer.u8(11).u8(0).ub(binds.length).zeros(5)
    for (const [index] of binds.entries()) writer.u8(changed[index] === true ? direction.inOut : direction.in)
    if (!changed.includes(true)) return
    for (const out of outcome.outBinds) {
      writer.u8(7)
      for (const [index, variable] of binds.entries()) {
        if (changed[index] !== true) continue
        const value = out?.[names[index] ?? ''] ?? null
        if (variable.type === wireType.cursor) this.#writeRefCursor(value, writer)
        else if (!variable.isArray) this.#writeOut(value as StoredValue, variable, writer)
        else {
          const values = Array.isArray(value) ? (value as readonly StoredValue[]) : []
          writer.ub(values.length)
          for (const element of values) this.#writeOut(element, variable, writer)
        }
      }
    }
  }

  /** A cursor that the block opened becomes one of the connection: described here, fetched by its number. @throws OraError 24338; 03115 when it has a LOB */
  #writeRefCursor(value: unknown, writer: TtcWriter): void {
    if (!(value instanceof OpenCursor) || value.closed) throw ora(24338, 'statement handle not executed')
    const cursor = this.#parse('')
    cursor.open(value)
    if (cursor.hasLobs) {
      this.#forget(cursor.id)
      throw ora(3115, 'unsupported network datatype or representation')
    }
    writer.u8(1)
    writeColumns(writer, cursor.columns, this.fieldVersion)
    writer.ub(cursor.id).ub(0)
  }

  /** A value for a bind, with the length that it lacks: none. @throws OraError 06502 when it does not fit */
  #writeOut(value: StoredValue, variable: WireVariable, writer: TtcWriter): void {
    if (variable.maxSize === 0 && variable.type !== wireType.long && variable.type !== wireType.longRaw) return
    if (isLob(variable.type)) writeLocator(writer, value, variable.type, this.#lobs)
    else {
      const text = variable.type === wireType.varchar || variable.type === wireType.char
      if (text && value !== null && Buffer.byteLength(String(value)) > variable.maxSize) throw ora(6502, 'PL/SQL: numeric or value error: character string buffer too small', [6512, 'at line 1'])
      if (text && variable.form === 2 && value !== null) writer.lb(Buffer.from(String(value), 'utf16le').swap16())
      else writeValue(writer, value, variable.type)
    }
    writer.ub(0)
  }

  async #fetch(cursor: NetCursor, rows: number, writer: TtcWriter, send: Send): Promise<Buffer> {
    const ended = rows > 0 && (await cursor.write(rows, writer, this.#lobs, async (full) => {
      const wanted = await send(Buffer.from(full.done()))
      await setImmediate()
      full.clear()
      return wanted
    }))
    writeEnd(writer, { cursor: cursor.id, rowCount: cursor.fetched, inTransaction: this.#inTransaction, error: ended ? noMoreRows : undefined })
    return writer.done()
  }
}

/** What one execution needs of its call. */
interface RunOptions {
  readonly options: number
  readonly rows: number
  readonly values: readonly (readonly WireValue[])[]
  readonly wantsRowCounts: boolean
  readonly describe: boolean
}

/** One row of binds by name; an array bind becomes its first value, the engine has no index-by tables of the client. */
function bindsOf(cursor: NetCursor, row: readonly WireValue[], context: BindContext): Binds {
  const binds: Record<string, Binds[string]> = {}
  for (const [index, value] of row.entries()) {
    const variable = cursor.binds[index]
    const name = cursor.scanned.binds[index]
    if (variable === undefined || name === undefined) continue
    if (variable.isArray) throw ora(3115, 'unsupported network datatype or representation')
    binds[name] = bindValue(value as Buffer | null, variable, context)
  }
  return binds
}
