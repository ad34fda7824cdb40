import type { LabHost } from '../../engine/instance-api.ts'
import { parseCommand, unexpectedEnd } from '../grammar/parser.ts'
import type { RmanSyntaxError } from '../grammar/syntax-error.ts'
import { baseRelease } from '../../host/release.ts'
import { bannerDate } from '../nls-date.ts'
import type { RmanArguments } from './arguments.ts'
import { RmanConsole } from './console.ts'
import type { TargetNet } from './target.ts'
import { Transcript } from './transcript.ts'

export interface ClientOptions {
  readonly arguments: RmanArguments
  readonly host: Pick<LabHost, 'timeZone' | 'now'>
  readonly net: TargetNet
  /** Lines of the script. */
  readonly input: AsyncIterator<string>
  /** `standard input`, or the command file. */
  readonly inputName: string
  readonly write: (text: string) => void
  readonly prompt: (text: string) => void
  readonly release: string
  readonly dateFormat: string | undefined
}

/** The greeting, with the release and a plain word about what this is. */
export function banner(release: string, time: number, timeZone: string): string[] {
  const version = Number(release.split('.')[0]) >= 18 ? [`Version ${release}`] : []
  return [
    '',
    `Recovery Manager: Release ${baseRelease(release)} - Production on ${bannerDate(time, timeZone)}`,
    ...version,
    '',
    'Copyright (c) 2026, the authors of icb.  A simulator that speaks RMAN; not software of Oracle.',
  ]
}

/** Reads commands line by line, executes each when it is complete, and returns the exit status: 1 when any of them failed. */
export async function runClient(options: ClientOptions): Promise<number> {
  const transcript = new Transcript(options.write, options.prompt)
  for (const line of banner(options.release, options.host.now(), options.host.timeZone)) transcript.line(line)
  const next = async (): Promise<string | undefined> => {
    const read = await options.input.next()
    return read.done === true ? undefined : read.value
  }
  const rman = new RmanConsole({
    net: options.net,
    transcript,
    dateFormat: options.dateFormat,
    timeZone: options.host.timeZone,
    now: options.host.now,
    ask: async (question) => {
      options.write(`\n${question} `)
      const answer = await next()
      options.write(transcript.echo ? `${answer ?? ''}\n` : '\n')
      return answer
    },
    askPassword: async (question) => {
      options.write(`${question} `)
      const answer = await next()
      options.write('\n')
      return answer ?? ''
    },
  })
  const fromFile = options.arguments.cmdfile !== null
  let errors = 0
  let stop = false
  const stopped = (): boolean => stop
  const refuse = (error: RmanSyntaxError, firstLine: number): void => {
    errors++
    const line = (fromFile ? firstLine : 0) + error.position.line
    transcript.errors([...error.messages, { code: 'RMAN-01007', text: `at line ${line} column ${error.position.column} file: ${options.inputName}` }])
  }
  /** Executes what is complete in `text`; returns the rest, the beginning of a command. */
  const consume = async (text: string, firstLine: number): Promise<string> => {
    let rest = text
    while (!stopped()) {
      const result = parseCommand(rest, { release: options.release })
      if (result.kind === 'empty') return ''
      if (result.kind === 'incomplete') return rest
      if (result.kind === 'error') {
        // Like RMAN: the line with the error is dropped, the next line begins a command.
        refuse(result.error, firstLine)
        if (fromFile) stop = true
        return ''
      }
      if (result.command.kind === 'exit') stop = true
      else if (!(await rman.execute(result.command))) {
        errors++
        if (fromFile) stop = true
      }
      rest = rest.slice(result.end)
    }
    return ''
  }
  try {
    if (options.arguments.target !== null && !(await rman.begin('target', options.arguments.target))) return 1
    if (options.arguments.catalog !== null && !(await rman.begin('catalog', options.arguments.catalog))) return 1
    if (options.arguments.auxiliary !== null && !(await rman.begin('auxiliary', options.arguments.auxiliary))) return 1
    let text = ''
    let lineOfCommand = 1
    let linesRead = 0
    let firstLine = 0
    while (!stopped()) {
      transcript.prompt(lineOfCommand)
      const line = await next()
      if (line === undefined) {
        if (text.trim() !== '') {
          const result = parseCommand(text, { release: options.release })
          if (result.kind === 'incomplete') refuse(unexpectedEnd(text, result.expected), firstLine)
        }
        break
      }
      transcript.answered(line)
      if (text === '') firstLine = linesRead
      linesRead++
      text = await consume(text === '' ? line : `${text}\n${line}`, firstLine)
      lineOfCommand = text === '' ? 1 : lineOfCommand + 1
    }
    transcript.complete()
    return Math.min(errors, 1)
  } finally {
    rman.close()
  }
}
