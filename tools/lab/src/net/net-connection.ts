import type { Socket } from 'node:net'
import type { LabInstance } from '../engine/instance.ts'
import { type OraError, ora } from '../engine/ora-error.ts'
import { callError, dataTypesAnswer, protocolAnswer, protocolOf, type ServerProtocol, writeEnd, writePairs } from './answers.ts'
import { NetLogon } from './net-logon.ts'
import { NetSession } from './net-session.ts'
import { dataOf, isEndOfFile, markerKind, type Packet, PacketCutter, packetType, PacketWriter } from './packets.ts'
import { type Call, type ClientRequest, parseRequest, type RequestContext } from './requests.ts'
import { offsetAt } from '../sql/zone.ts'
import { Incomplete, Unreadable } from './ttc-reader.ts'
import { TtcWriter } from './ttc-writer.ts'

/** Longest request that is collected. */
const mostRequestBytes = 256 * 1024 * 1024

const cancelled = (): OraError => ora(1013, 'user requested cancel of current operation')

/** One client of an instance over Oracle Net, from ACCEPT to the end of its socket. */
export class NetConnection {
  readonly #instance: LabInstance
  readonly #socket: Socket
  readonly #protocol: ServerProtocol
  readonly #packets: PacketWriter
  readonly #cutter = new PacketCutter()
  readonly #logon: NetLogon
  #session: NetSession | undefined
  /** Parts of a request that is not complete. */
  #request: Buffer[] = []
  #requestBytes = 0
  /** Calls run one after the other, also when the client does not wait for the last any more. */
  #last: Promise<void> = Promise.resolve()
  /** Counts breaks: the answer of a call that was broken off is not sent. */
  #breaks = 0
  /** Aborts when the client breaks off what it asked for. */
  #interrupt = new AbortController()
  /** Between a break and its reset everything else is thrown away. */
  #broken = false
  #closed = false

  /** @param container the PDB of the service; 0 for none */
  constructor(instance: LabInstance, socket: Socket, service: string, container: number) {
    this.#instance = instance
    this.#socket = socket
    this.#protocol = protocolOf(instance.release)
    this.#packets = new PacketWriter(socket)
    this.#logon = new NetLogon(instance, this.#protocol, service, container)
  }

  /** Accepts the client and serves it until it goes. */
  serve(sessionDataUnit: number): void {
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        for (const packet of this.#cutter.take(chunk)) this.#packet(packet)
      } catch (error) {
        this.#instance.diagnostics.alert(`A connection was dropped: ${String(error)}`)
        this.#socket.destroy()
      }
    })
    this.#socket.on('close', () => { this.#leave() })
    this.#packets.accept(this.#protocol.netVersion, sessionDataUnit)
    this.#cutter.largeLengths = this.#protocol.netVersion >= 315
  }

  /** The client went: its changes are forgotten when the call that runs has ended. */
  #leave(): void {
    this.#closed = true
    this.#breaks += 1
    this.#interrupt.abort(cancelled())
    void this.#last.then(() => {
      this.#session?.close()
      this.#session = undefined
    })
  }

  #packet(packet: Packet): void {
    if (packet.type === packetType.marker) this.#marker(packet.bytes[10] ?? 0)
    else if (packet.type !== packetType.data) throw new Unreadable(`packet type ${String(packet.type)}`)
    else if (isEndOfFile(packet)) this.#socket.end()
    else if (!this.#broken) this.#data(dataOf(packet))
  }

  #marker(kind: number): void {
    if (kind === markerKind.reset) {
      this.#broken = false
      this.#packets.marker(markerKind.reset)
      const answer = new TtcWriter()
      writeEnd(answer, { error: callError(cancelled()) })
      this.#packets.data(answer.done())
    } else if (!this.#broken) {
      this.#broken = true
      this.#breaks += 1
      this.#interrupt.abort(cancelled())
      this.#interrupt = new AbortController()
      this.#request = []
      this.#requestBytes = 0
      this.#packets.marker(markerKind.break)
    }
  }

  #data(part: Buffer): void {
    // The chunk it stands in is reused by nobody, but must not be kept as a whole.
    this.#request.push(this.#request.length === 0 && part.length > 0 ? part : Buffer.from(part))
    this.#requestBytes += part.length
    if (this.#requestBytes > mostRequestBytes) throw new Unreadable('a request that is too long')
    let request: ClientRequest
    try {
      request = parseRequest(this.#request.length === 1 ? part : Buffer.concat(this.#request), this.#context)
    } catch (error) {
      if (error instanceof Incomplete) return
      if (!(error instanceof Unreadable)) throw error
      request = { piggybacks: [], call: { kind: 'unknown' } }
    }
    this.#request = []
    this.#requestBytes = 0
    const breaks = this.#breaks
    const { signal } = this.#interrupt
    this.#last = this.#last.then(() => this.#answer(request, breaks, signal))
  }

  get #context(): RequestContext {
    return this.#session ?? { fieldVersion: this.#protocol.fieldVersion, statement: () => undefined }
  }

  async #answer({ piggybacks, call }: ClientRequest, breaks: number, interrupt: AbortSignal): Promise<void> {
    const send = async (message: Buffer): Promise<boolean> => {
      if (breaks !== this.#breaks) return false
      this.#packets.data(message)
      if (this.#socket.writableNeedDrain) await this.#drained()
      return breaks === this.#breaks
    }
    try {
      if (this.#session === undefined) await this.#beforeSession(call, send)
      else if (call.kind !== 'release') {
        for (const piggyback of piggybacks) await this.#session.piggyback(piggyback)
        await this.#session.perform(call, send, interrupt)
      }
    } catch (error) {
      if (this.#closed) return
      const answer = new TtcWriter()
      writeEnd(answer, { error: callError(error instanceof Object && 'messages' in error ? (error as Parameters<typeof callError>[0]) : ora(20999, `the simulator failed: ${String(error)}`)) })
      await send(answer.done())
    }
  }

  /** Waits until the client has taken what was sent, or is gone. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done)
        this.#socket.off('close', done)
        resolve()
      }
      this.#socket.once('drain', done)
      this.#socket.once('close', done)
    })
  }

  /** Negotiation and logon; everything else is refused. */
  async #beforeSession(call: Call, send: (message: Buffer) => Promise<boolean>): Promise<void> {
    switch (call.kind) {
      case 'protocol':
        await send(protocolAnswer('x86_64/Linux 2.4.xx', this.#protocol))
        return
      case 'data-types': {
        const { host } = this.#instance
        await send(dataTypesAnswer(call.withZone, offsetAt(host.now(), host.timeZone)))
        return
      }
      case 'logon': {
        const writer = new TtcWriter()
        if (call.phase === 1) writePairs(writer, await this.#logon.begin(call))
        else {
          const { session, pairs } = await this.#logon.finish(call)
          this.#session = new NetSession(this.#instance, session, this.#protocol)
          writePairs(writer, pairs)
        }
        writeEnd(writer, {})
        await send(writer.done())
        return
      }
      default: throw ora(1012, 'not logged on')
    }
  }
}
