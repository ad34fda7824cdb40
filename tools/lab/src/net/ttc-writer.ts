const longestPlain = 252
const chunk = 32767

/** Writes the primitives of TTC. */
export class TtcWriter {
  #bytes: Buffer
  #at = 0

  constructor(size = 1024) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  get length(): number {
    return this.#at
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }

  u8(value: number): this {
    this.#room(1)
    this.#bytes[this.#at++] = value & 0xff
    return this
  }

  u16be(value: number): this {
    this.#room(2)
    this.#at = this.#bytes.writeUInt16BE(value, this.#at)
    return this
  }

  u16le(value: number): this {
    this.#room(2)
    this.#at = this.#bytes.writeUInt16LE(value, this.#at)
    return this
  }

  u32be(value: number): this {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32BE(value >>> 0, this.#at)
    return this
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
    return this
  }

  /** A whole number of variable length, zero or more. */
  ub(value: number): this {
    if (value === 0) return this.u8(0)
    const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : value < 0x100000000 ? 4 : value < 0x10000000000 ? 5 : 6
    this.#room(size + 1)
    this.#bytes[this.#at++] = size
    this.#at = this.#bytes.writeUIntBE(value, this.#at, size)
    return this
  }

  /** Several zeros of variable length. */
  zeros(count: number): this {
    this.#room(count)
    this.#bytes.fill(0, this.#at, this.#at + count)
    this.#at += count
    return this
  }

  lb(value: Uint8Array | null): this {
    if (value === null || value.length === 0) return this.u8(0)
    if (value.length <= longestPlain) return this.u8(value.length).bytes(value)
    this.u8(0xfe)
    for (let at = 0; at < value.length; at += chunk) {
      const part = value.subarray(at, at + chunk)
      this.ub(part.length).bytes(part)
    }
    return this.u8(0)
  }

  sb(value: Uint8Array | null): this {
    if (value === null || value.length === 0) return this.u8(0)
    return this.ub(value.length).lb(value)
  }

  text(value: string): this {
    // Short texts are the rule in a row: written in place, without a buffer of their own.
    if (value.length <= longestPlain / 4) {
      this.#room(1 + value.length * 4)
      const written = this.#bytes.write(value, this.#at + 1, 'utf8')
      this.#bytes[this.#at] = written
      this.#at += 1 + written
      return this
    }
    return this.lb(Buffer.from(value, 'utf8'))
  }

  sizedText(value: string): this {
    return this.sb(Buffer.from(value, 'utf8'))
  }

  /** Begins again. */
  clear(): void {
    this.#at = 0
  }

  /** What was written; valid until the writer is used again. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }
}
