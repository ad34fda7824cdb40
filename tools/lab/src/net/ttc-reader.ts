/** The bytes of a message end before the message does: more packets must come. */
export class Incomplete extends Error {}

/** A message that this server does not understand. */
export class Unreadable extends Error {}

/** Reads the primitives of TTC, the language inside DATA packets. */
export class TtcReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(count: number): Buffer {
    if (count > this.left) throw new Incomplete('the message goes on')
    const part = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += count
    return part
  }

  skip(count: number): void {
    this.take(count)
  }

  u8(): number {
    return this.take(1)[0] ?? 0
  }

  u16be(): number {
    return this.take(2).readUInt16BE(0)
  }

  u16le(): number {
    return this.take(2).readUInt16LE(0)
  }

  /** An integer of variable length: one byte of length, then that many bytes. */
  ub(): number {
    return Number(this.#integer())
  }

  #integer(): bigint | number {
    const length = this.u8()
    const size = length & 0x7f
    if (size === 0) return 0
    if (size > 8) throw new Unreadable(`an integer of ${String(size)} bytes`)
    const bytes = this.take(size)
    let value: number | bigint
    if (size <= 6) value = bytes.readUIntBE(0, size)
    else value = BigInt(`0x${bytes.toString('hex')}`)
    return (length & 0x80) === 0 ? value : -value
  }

  /** Bytes behind a length of one byte, or in chunks; `null` for none. */
  lb(): Buffer | null {
    const length = this.u8()
    if (length === 0 || length === 0xff) return null
    if (length !== 0xfe) return this.take(length)
    const chunks: Buffer[] = []
    for (let size = this.ub(); size > 0; size = this.ub()) chunks.push(this.take(size))
    return Buffer.concat(chunks)
  }

  /** A length, and the bytes behind it unless it is zero. */
  sb(): Buffer | null {
    return this.ub() === 0 ? null : this.lb()
  }

  text(): string {
    return this.lb()?.toString('utf8') ?? ''
  }

  sizedText(): string {
    return this.sb()?.toString('utf8') ?? ''
  }

  /** Bytes up to a zero byte. */
  untilZero(): Buffer {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end < 0) throw new Incomplete('the message goes on')
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end + 1
    return part
  }
}
