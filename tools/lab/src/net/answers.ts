import type { OraError } from '../engine/ora-error.ts'
import type { LogonPair } from './logon-challenge.ts'
import { TtcWriter } from './ttc-writer.ts'

const utf8 = 873
const utf16 = 2000

/** Versions of the protocol as a release's server announces them: Oracle Net, and the layout of TTC messages. */
export interface ServerProtocol {
  readonly netVersion: number
  readonly fieldVersion: number
}

/** What a release speaks. Later releases than 19 still understand its layout, which is all that the lab speaks. */
export function protocolOf(release: string): ServerProtocol {
  const [major = 0, minor = 0] = release.split('.').map(Number)
  if (major < 12) return { netVersion: 314, fieldVersion: 6 }
  if (major === 12) return { netVersion: minor < 2 ? 315 : 317, fieldVersion: minor < 2 ? 7 : 8 }
  if (major === 18) return { netVersion: 318, fieldVersion: 11 }
  return { netVersion: 318, fieldVersion: 12 }
}

const compileCapabilities: Readonly<Record<number, number>> = { 0: 6, 4: 0xea, 8: 1, 15: 0x29, 17: 3, 18: 7, 19: 3, 21: 1, 23: 0xcf, 27: 1 }

/** Answer to the protocol negotiation: character sets and capabilities. */
export function protocolAnswer(banner: string, { fieldVersion }: ServerProtocol): Buffer {
  const compile = Buffer.alloc(45)
  for (const [index, value] of Object.entries(compileCapabilities)) compile[Number(index)] = value
  compile[7] = fieldVersion
  const runtime = Buffer.of(2, 1, 0, 0, 0, 0, 4)
  const national = Buffer.alloc(11)
  national.writeUInt16BE(utf16, 9)
  return new TtcWriter().u8(1).u8(6).u8(0).bytes(Buffer.from(banner.slice(0, 47), 'latin1')).u8(0).u16le(utf8).u8(1).u16le(0).u16be(national.length).bytes(national).lb(compile).lb(runtime).done()
}

/** Answer to the data type negotiation: no conversions. @param offset of the database's time zone, minutes */
export function dataTypesAnswer(withZone: boolean, offset: number): Buffer {
  const writer = new TtcWriter().u8(2)
  if (withZone) writer.u32be(0x80000000).u8(Math.trunc(offset / 60) + 60).u8((offset % 60) + 60).u8(60).u32be(0x80000000)
  return writer.u16be(0).done()
}

/** Key and value pairs, before the end of a logon call. */
export function writePairs(writer: TtcWriter, pairs: readonly LogonPair[]): void {
  writer.u8(8).ub(pairs.length)
  for (const { key, value, flag = 0 } of pairs) writer.sizedText(key).sizedText(value).ub(flag)
}

/** Bit of the call status: a transaction is open. */
const transactionOpen = 0x2

export const statusAnswer = (inTransaction: boolean): Buffer => new TtcWriter().u8(9).ub(inTransaction ? transactionOpen : 0).ub(0).done()

export interface BatchError {
  /** Which row of the binds. */
  readonly row: number
  readonly error: CallError
}

export interface CallError {
  readonly number: number
  /** Begins with `ORA-nnnnn: `. */
  readonly message: string
  /** Offset in the statement, from 0. */
  readonly position: number
}

/** An error as a client must get it: the driver reads the number out of a text that begins with `ORA-`. */
export function callError({ messages, offset }: Pick<OraError, 'messages' | 'offset'>): CallError {
  const lines = messages.map(({ code, text }) => `${code}: ${text}`)
  const first = /^ORA-(\d+)$/.exec(messages[0]?.code ?? '')
  if (first === null) return { number: 20999, message: ['ORA-20999: the simulator raised', ...lines].join('\n'), position: offset ?? 0 }
  return { number: Number(first[1]), message: lines.join('\n'), position: offset ?? 0 }
}

export interface CallEnd {
  readonly cursor?: number
  readonly rowCount?: number
  readonly inTransaction?: boolean
  readonly error?: CallError | undefined
  /** The object was created with compilation errors. */
  readonly warning?: boolean
  readonly batchErrors?: readonly BatchError[]
}

/** Message 4: how a call ended. It is the last one of an answer. */
export function writeEnd(writer: TtcWriter, { cursor = 0, rowCount = 0, inTransaction = false, error, warning = false, batchErrors = [] }: CallEnd): void {
  const number = error?.number ?? 0
  writer.u8(4).ub(inTransaction ? transactionOpen : 0).ub(0).ub(rowCount).ub(number & 0xffff).zeros(2).ub(cursor).ub(Math.min(Math.max(error?.position ?? 0, 0), 32767))
  writer.zeros(5).u8(warning ? 0x20 : 0)
  // Row id, operating system error, statement, call, padding, successful iterations, logical row id.
  writer.zeros(5).zeros(6)
  writeBatchErrors(writer, batchErrors)
  writer.ub(number).ub(rowCount)
  if (error !== undefined) writer.text(`${error.message}\n`)
}

function writeBatchErrors(writer: TtcWriter, errors: readonly BatchError[]): void {
  if (errors.length === 0) {
    writer.zeros(3)
    return
  }
  writer.ub(errors.length).u8(0)
  for (const { error } of errors) writer.ub(error.number)
  writer.ub(errors.length).u8(0)
  for (const { row } of errors) writer.ub(row)
  writer.ub(errors.length).u8(0)
  for (const { error } of errors) writer.ub(error.message.length).text(error.message).zeros(2)
}

/** Code and text that say: all rows were read. */
export const noMoreRows: CallError = { number: 1403, message: 'ORA-01403: no data found', position: 0 }
