import { StringDecoder } from 'node:string_decoder'

export interface LineSplitter {
  write(chunk: Buffer): void
  /** Delivers what came after the last line break. */
  end(): void
}

/**
 * Cuts a byte stream into lines with bounded memory: of a line longer than `keep` characters only the first `keep` are
 * delivered, with `cut` set. Line ends are LF or CR LF.
 */
export function createLineSplitter(keep: () => number, onLine: (line: string, cut: boolean) => void): LineSplitter {
  const decoder = new StringDecoder('utf8')
  let pending = ''
  let cut = false
  const add = (text: string): void => {
    const room = keep() - pending.length
    if (text.length > room) cut = true
    pending += text.length > room ? text.slice(0, Math.max(0, room)) : text
  }
  const deliver = (): void => {
    const line = !cut && pending.endsWith('\r') ? pending.slice(0, -1) : pending
    const wasCut = cut
    pending = ''
    cut = false
    onLine(line, wasCut)
  }
  const feed = (text: string): void => {
    let from = 0
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      add(text.slice(from, at))
      deliver()
      from = at + 1
    }
    add(text.slice(from))
  }
  return {
    write: (chunk) => {
      feed(decoder.write(chunk))
    },
    end: () => {
      feed(decoder.end())
      if (pending !== '' || cut) deliver()
    },
  }
}
