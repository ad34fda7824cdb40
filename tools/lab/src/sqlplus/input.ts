/** A line of a script, and whether it came from a file (which SET ECHO shows). */
export interface InputLine {
  readonly text: string
  readonly fromFile: boolean
}

/** The lines of a script; an @file is read before the rest of the script that named it. */
export class ScriptInput {
  readonly #sources: { readonly lines: AsyncIterator<string>; readonly fromFile: boolean }[] = []

  constructor(chunks: AsyncIterable<Buffer | string>) {
    this.#sources.push({ lines: linesOf(chunks)[Symbol.asyncIterator](), fromFile: false })
  }

  /** Reads a file next. */
  include(text: string): void {
    this.#sources.push({ lines: linesOf([text])[Symbol.asyncIterator](), fromFile: true })
  }

  async next(): Promise<InputLine | undefined> {
    for (;;) {
      const source = this.#sources.at(-1)
      if (source === undefined) return undefined
      const line = await source.lines.next()
      if (line.done !== true) return { text: line.value, fromFile: source.fromFile }
      this.#sources.pop()
    }
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer | string> | Iterable<string>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield line.replace(/\r$/, '')
  }
  if (rest !== '') yield rest
}
