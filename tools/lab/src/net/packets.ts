import type { Socket } from 'node:net'

/** Packet types of Oracle Net. */
export const packetType = { connect: 1, accept: 2, refuse: 4, redirect: 5, data: 6, marker: 12 } as const

/** What a MARKER says: break (also sent by the server), reset, interrupt. */
export const markerKind = { break: 1, reset: 2, interrupt: 3 } as const

const headerBytes = 8
/** Header and data flags of a DATA packet. */
const dataHeaderBytes = 10
/** Longest packet that is believed. */
const longestPacket = 2_097_152
const endOfFile = 0x0040

export interface Packet {
  readonly type: number
  /** The whole packet with its header. */
  readonly bytes: Buffer
}

/** The client closes with this packet. */
export const isEndOfFile = (packet: Packet): boolean => packet.bytes.length >= dataHeaderBytes && (packet.bytes.readUInt16BE(headerBytes) & endOfFile) !== 0

export const dataOf = (packet: Packet): Buffer => packet.bytes.subarray(dataHeaderBytes)

/** Cuts what a socket reads into packets. Lengths have 16 bits until the connection is accepted, 32 bits after. */
export class PacketCutter {
  #pending: Buffer = Buffer.alloc(0)
  largeLengths: boolean = false

  /** @throws RangeError when the stream cannot be Oracle Net */
  take(chunk: Buffer): Packet[] {
    const packets: Packet[] = []
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (this.#pending.length >= headerBytes) {
      const length = this.largeLengths ? this.#pending.readUInt32BE(0) : this.#pending.readUInt16BE(0)
      if (length < headerBytes || length > longestPacket) throw new RangeError(`a packet of ${String(length)} bytes`)
      if (this.#pending.length < length) break
      const bytes = this.#pending.subarray(0, length)
      this.#pending = this.#pending.subarray(length)
      packets.push({ type: bytes[4] ?? 0, bytes })
    }
    return packets
  }
}

/** What the client's CONNECT packet says. */
export interface ConnectRequest {
  readonly sessionDataUnit: number
  /** `(DESCRIPTION=…)`; `undefined` when it follows in a DATA packet. */
  readonly connectData: string | undefined
}

export function parseConnect({ bytes }: Packet): ConnectRequest {
  if (bytes.length < 66) throw new RangeError('a CONNECT packet that is too short')
  const length = bytes.readUInt16BE(24)
  const offset = bytes.readUInt16BE(26)
  const large = bytes.readUInt32BE(58)
  return { sessionDataUnit: large > 0 ? large : bytes.readUInt16BE(14), connectData: bytes.length >= offset + length && length > 0 ? bytes.toString('latin1', offset, offset + length) : undefined }
}

/** The server's side of one Oracle Net connection: writes packets. */
export class PacketWriter {
  readonly #socket: Socket
  #unit = 8192
  #large = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  #header(bytes: Buffer, type: number): void {
    if (this.#large) bytes.writeUInt32BE(bytes.length, 0)
    else bytes.writeUInt16BE(bytes.length, 0)
    bytes[4] = type
  }

  /** ACCEPT; every later packet has a length of 32 bits from protocol version 315 on. */
  accept(version: number, sessionDataUnit: number): void {
    this.#unit = Math.min(Math.max(sessionDataUnit, 512), 65535)
    const bytes = Buffer.alloc(version >= 315 ? 45 : 24)
    this.#header(bytes, packetType.accept)
    bytes.writeUInt16BE(version, 8)
    bytes.writeUInt16BE(1, 10)
    bytes.writeUInt16BE(this.#unit, 12)
    bytes.writeUInt16BE(65535, 14)
    bytes.writeUInt16BE(1, 16)
    bytes.writeUInt16BE(bytes.length, 20)
    // No network services: neither encryption nor checksums are negotiated.
    bytes[22] = 0x0c
    bytes[23] = 0x0c
    if (version >= 315) {
      bytes.writeUInt32BE(this.#unit, 32)
      bytes.writeUInt32BE(65535, 36)
    }
    this.#socket.write(bytes)
    this.#large = version >= 315
  }

  /** REFUSE, and the end of the connection. */
  refuse(code: number): void {
    const text = Buffer.from(`(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=${String(code)})(ERROR_STACK=(ERROR=(CODE=${String(code)})(EMFI=4))))`, 'latin1')
    const bytes = Buffer.alloc(12 + text.length)
    this.#header(bytes, packetType.refuse)
    bytes[8] = 34
    bytes.writeUInt16BE(text.length, 10)
    text.copy(bytes, 12)
    this.#socket.end(bytes)
  }

  /** REDIRECT to another address, `(ADDRESS=…)`, and the end of this connection. */
  redirect(address: string): void {
    const text = Buffer.from(address, 'latin1')
    const bytes = Buffer.alloc(10 + text.length)
    this.#header(bytes, packetType.redirect)
    bytes.writeUInt16BE(text.length, 8)
    text.copy(bytes, 10)
    this.#socket.end(bytes)
  }

  marker(kind: number): void {
    const bytes = Buffer.alloc(11)
    this.#header(bytes, packetType.marker)
    bytes[8] = 1
    bytes[10] = kind
    this.#socket.write(bytes)
  }

  /** A message, cut into DATA packets. */
  data(message: Buffer): void {
    const most = this.#unit - dataHeaderBytes
    this.#socket.cork()
    for (let at = 0; at < message.length; at += most) {
      const part = message.subarray(at, at + most)
      const header = Buffer.alloc(dataHeaderBytes)
      if (this.#large) header.writeUInt32BE(dataHeaderBytes + part.length, 0)
      else header.writeUInt16BE(dataHeaderBytes + part.length, 0)
      header[4] = packetType.data
      this.#socket.write(header)
      this.#socket.write(part)
    }
    this.#socket.uncork()
  }
}
