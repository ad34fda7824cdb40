import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import readline from 'node:readline'
import type { ProgramContext } from '../cli/program-context.ts'
import type { OraMessage } from '../engine/ora-error.ts'
import { parseArguments } from './client/arguments.ts'
import { labNet } from './client/lab-net.ts'
import { banner, runClient } from './client/run-client.ts'
import { errorFrame } from './client/transcript.ts'

async function* linesOf(text: string): AsyncGenerator<string> {
  for (const line of text.replace(/\n$/, '').split('\n')) yield Promise.resolve(line)
}

/**
 * The `rman` program: `rman [target x] [cmdfile=f | @f] [log=f [append]]`, its script on standard input or in the command
 * file. Resolves with the exit status, 1 when any command failed.
 */
export async function runRman(argv: readonly string[], { host, stdin, stdout, env }: ProgramContext): Promise<number> {
  const { release } = host.lab
  const parsed = parseArguments(argv)
  const refuse = (messages: readonly OraMessage[]): number => {
    stdout.write(`${[...banner(release, host.now(), host.timeZone), '', ...errorFrame(messages)].join('\n')}\n`)
    return 1
  }
  if (!('target' in parsed)) return refuse(parsed)
  let script: string | undefined
  let log: number | undefined
  try {
    if (parsed.cmdfile !== null) script = readFileSync(host.real(parsed.cmdfile), 'utf8')
    if (parsed.log !== null) log = openSync(host.real(parsed.log), parsed.append ? 'a' : 'w')
  } catch (error) {
    return refuse([{ code: 'RMAN-00554', text: 'initialization of internal recovery manager package failed' }, { code: 'RMAN-06005', text: error instanceof Error ? error.message : String(error) }])
  }
  const lines = script === undefined ? readline.createInterface({ input: stdin, crlfDelay: Infinity }) : undefined
  const write = (text: string): void => {
    if (log === undefined) stdout.write(text)
    else writeSync(log, text)
  }
  try {
    return await runClient({
      arguments: parsed, host, release, net: labNet(host, { ORACLE_SID: env['ORACLE_SID'], TNS_ADMIN: env['TNS_ADMIN'] }), dateFormat: env['NLS_DATE_FORMAT'],
      input: lines === undefined ? linesOf(script ?? '') : lines[Symbol.asyncIterator](), inputName: parsed.cmdfile ?? 'standard input',
      write,
      // With a log the terminal shows the prompts alone.
      prompt: (text) => {
        if (log !== undefined) stdout.write(text)
      },
    })
  } finally {
    lines?.close()
    if (log !== undefined) closeSync(log)
  }
}
