import { ora } from '../engine/ora-error.ts'
import type { Lobs } from './lobs.ts'
import { lobChunk } from './net-cursor.ts'
import type { LobCall } from './requests.ts'
import type { TtcWriter } from './ttc-writer.ts'

const operation = { length: 1, read: 2, trim: 0x20, write: 0x40, createTemporary: 0x110, freeTemporary: 0x111, chunkSize: 0x4000, open: 0x8000, close: 0x10000, isOpen: 0x11000 } as const

/** Performs a LOB operation and writes its answer up to the end of the call. @throws OraError 22275, 03115 */
export function performLob(call: LobCall, lobs: Lobs, writer: TtcWriter): void {
  let locator = call.locator ?? Buffer.alloc(0)
  let amount = call.amount
  switch (call.operation) {
    case operation.length: amount = lobs.length(locator)
      break
    case operation.read: {
      const data = lobs.read(locator, call.offset, call.amount)
      if (data.length > 0) writer.u8(14).lb(data)
      break
    }
    case operation.trim: lobs.trim(locator, call.amount)
      break
    case operation.write:
      if (call.data !== null) lobs.write(locator, call.offset, call.data)
      break
    case operation.createTemporary: locator = lobs.add('', call.destination, true)
      break
    case operation.freeTemporary: lobs.free(locator)
      break
    case operation.chunkSize: amount = lobChunk
      break
    case operation.open:
    case operation.close:
    case operation.isOpen: lobs.content(locator)
      break
    default: throw ora(3115, 'unsupported network datatype or representation')
  }
  writer.u8(8).bytes(locator)
  if (call.operation === operation.createTemporary) writer.ub(873).u8(0)
  else if (call.hasAmount) writer.ub(amount)
  if (call.operation === operation.isOpen) writer.u8(0)
}
