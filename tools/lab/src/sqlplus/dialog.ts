import { CommandError, splitWords } from './settings.ts'

/** ACCEPT's options. */
export interface Accept {
  readonly name: string
  readonly type: 'NUMBER' | 'CHAR'
  readonly prompt: string | undefined
  readonly initial: string | undefined
}

/** `ACCEPT name [NUMBER|CHAR] [DEFAULT d] [PROMPT text|NOPROMPT] [HIDE]`. @throws CommandError SP2-0158 */
export function parseAccept(text: string): Accept {
  const words = splitWords(text)
  const name = words.shift()
  if (name === undefined || !/^\w+$/.test(name)) throw new CommandError('SP2-0145: accept should be followed by the name of a variable')
  let type: Accept['type'] = 'CHAR'
  let prompt: string | undefined
  let initial: string | undefined
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (/^num(ber)?$/i.test(word)) type = 'NUMBER'
    else if (/^char?$/i.test(word)) type = 'CHAR'
    else if (/^def(ault)?$/i.test(word)) initial = words.shift() ?? ''
    else if (/^prompt$/i.test(word)) prompt = words.shift() ?? ''
    else if (!/^(noprompt|nopr|hide)$/i.test(word)) throw new CommandError(`SP2-0158: unknown ACCEPT option "${word}"`)
  }
  return { name, type, prompt, initial }
}

/** The lines of LIST: the buffer with numbers, the last one marked. */
export function listLines(buffer: string): readonly string[] {
  if (buffer === '') throw new CommandError('SP2-0223: No lines in SQL buffer.')
  const lines = buffer.split('\n')
  return lines.map((line, index) => `${String(index + 1).padStart(3)}${index + 1 === lines.length ? '*' : ' '} ${line}`)
}
