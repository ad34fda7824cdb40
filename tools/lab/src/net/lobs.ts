import { ora } from '../engine/ora-error.ts'
import { wireType } from './wire-types.ts'

const locatorBytes = 40
const idOffset = 20
/** Longest LOB of the lab, and most bytes of all LOBs that one connection holds. */
const mostBytes = 64 * 1024 * 1024

interface Lob {
  readonly type: number
  /** Text of a CLOB; the bytes of a BLOB in hexadecimal. */
  content: string
}

/** Content of the LOBs whose locators a client holds. */
export class Lobs {
  readonly #lobs = new Map<number, Lob>()
  #last = 0
  #held = 0

  /** @throws OraError 22292 when the connection holds too much */
  add(content: string, type: number, temporary = false): Buffer {
    this.#held += content.length * 2
    if (this.#held > mostBytes) throw ora(22292, 'Cannot open a LOB: too many bytes are held by this connection of the lab')
    this.#last += 1
    this.#lobs.set(this.#last, { type, content })
    const locator = Buffer.alloc(locatorBytes)
    locator.writeUInt16BE(locatorBytes - 2, 0)
    locator.writeUInt16BE(4, 2)
    locator[5] = 0x08
    // Text travels as UTF-16 in both directions: no character is cut where a piece ends.
    if (type === wireType.clob) locator[6] = 0x80
    if (temporary) locator[7] = 0x01
    locator.writeUInt32BE(this.#last, idOffset)
    return locator
  }

  /** @throws OraError 22275 */
  #find(locator: Buffer | null): Lob {
    const found = locator?.length === locatorBytes ? this.#lobs.get(locator.readUInt32BE(idOffset)) : undefined
    if (found === undefined) throw ora(22275, 'invalid LOB locator specified')
    return found
  }

  content(locator: Buffer | null): string {
    return this.#find(locator).content
  }

  /** Characters of a CLOB (UTF-16 units), bytes of a BLOB. */
  length(locator: Buffer | null): number {
    const { type, content } = this.#find(locator)
    return type === wireType.clob ? content.length : content.length / 2
  }

  /** @param offset from 1 */
  read(locator: Buffer | null, offset: number, amount: number): Buffer {
    const { type, content } = this.#find(locator)
    if (type !== wireType.clob) return Buffer.from(content.slice((offset - 1) * 2, (offset - 1 + amount) * 2), 'hex')
    return Buffer.from(content.slice(offset - 1, offset - 1 + amount), 'utf16le').swap16()
  }

  write(locator: Buffer | null, offset: number, data: Buffer): void {
    const lob = this.#find(locator)
    const text = lob.type === wireType.clob ? Buffer.from(data).swap16().toString('utf16le') : data.toString('hex').toUpperCase()
    const at = lob.type === wireType.clob ? offset - 1 : (offset - 1) * 2
    this.#held += text.length * 2
    if (this.#held > mostBytes) throw ora(22292, 'Cannot open a LOB: too many bytes are held by this connection of the lab')
    lob.content = lob.content.slice(0, at).padEnd(at, lob.type === wireType.clob ? ' ' : '0') + text + lob.content.slice(at + text.length)
  }

  trim(locator: Buffer | null, length: number): void {
    const lob = this.#find(locator)
    lob.content = lob.content.slice(0, lob.type === wireType.clob ? length : length * 2)
  }

  /** @param locators one or several, one behind the other */
  free(locators: Buffer): void {
    for (let at = 0; at + locatorBytes <= locators.length; at += locatorBytes) {
      const id = locators.readUInt32BE(at + idOffset)
      this.#held -= (this.#lobs.get(id)?.content.length ?? 0) * 2
      this.#lobs.delete(id)
    }
  }

  clear(): void {
    this.#lobs.clear()
    this.#held = 0
  }
}
