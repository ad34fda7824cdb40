import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { usageErrors } from '../errors.ts'

/** Lines of standard input, one at a time, whether a person types them or a pipe holds them all. */
export interface Answers extends Disposable {
  /** @throws ICB_USAGE_ARGUMENT at the end of the input */
  next(signal: AbortSignal): Promise<string>
}

/** Reads nothing before the first question. */
export function openAnswers(input: Readable): Answers {
  let reader: ReturnType<typeof createInterface> | undefined
  let lines: AsyncIterator<string> | undefined
  return {
    async next(signal) {
      reader ??= createInterface({ input, signal })
      lines ??= reader[Symbol.asyncIterator]()
      const line = await lines.next()
      signal.throwIfAborted()
      if (line.done === true) throw usageErrors.ARGUMENT('the input ended before the question was answered', { hint: 'Without a person at a terminal use the commands of icb, which take everything as options.' })
      return line.value.trim()
    },
    [Symbol.dispose]: () => { reader?.close() },
  }
}

/** `y` or `Y`, as the original takes it; everything else is no. */
export function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer)
}
