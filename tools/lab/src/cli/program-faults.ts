import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Writable } from 'node:stream'
import { once } from 'node:events'

/** What a program of a home does instead of its work. */
export interface ProgramFault {
  /** `rman`, `sqlplus`, `adrci`, `lsnrctl`, `srvctl`, `sqlldr`, `opatch`; `*`: all. */
  readonly program: string
  /** Only on this host. */
  readonly host?: string
  readonly exit?: number
  readonly hang?: boolean
  /** Bytes of output that nobody asked for; afterwards it goes on. */
  readonly print?: number
  readonly signal?: string
  /** Only when its standard output has shown this text; absent: at once. */
  readonly after?: string
  /** How many more starts are concerned; absent: all. */
  readonly times?: number
}

export const programFaultsFile = (labDir: string): string => path.join(labDir, 'program-faults.json')

export function readProgramFaults(labDir: string): readonly ProgramFault[] {
  try {
    return JSON.parse(readFileSync(programFaultsFile(labDir), 'utf8')) as ProgramFault[]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

export function writeProgramFaults(labDir: string, faults: readonly ProgramFault[]): void {
  const file = programFaultsFile(labDir)
  if (faults.length === 0) {
    rmSync(file, { force: true })
    return
  }
  writeFileSync(`${file}.${String(process.pid)}`, `${JSON.stringify(faults, undefined, 2)}\n`)
  renameSync(`${file}.${String(process.pid)}`, file)
}

/** The fault that a start of a program meets; a counted one is used up by it. */
export function takeProgramFault(labDir: string, host: string, program: string): ProgramFault | undefined {
  const faults = readProgramFaults(labDir)
  const fault = faults.find((one) => (one.program === program || one.program === '*') && (one.host === undefined || one.host === host))
  if (fault?.times !== undefined) writeProgramFaults(labDir, faults.flatMap((one) => (one !== fault ? [one] : one.times === undefined || one.times <= 1 ? [] : [{ ...one, times: one.times - 1 }])))
  return fault
}

const forever = (): Promise<never> => new Promise(() => { setInterval(() => undefined, 60_000) })

/** Does what the fault says to this process. Resolves only when the program is to go on. */
async function happen(fault: ProgramFault, stdout: Writable): Promise<void> {
  if (fault.print !== undefined) await print(fault.print, stdout)
  if (fault.hang === true) await forever()
  if (fault.signal !== undefined) {
    process.kill(process.pid, fault.signal)
    await forever()
  }
  if (fault.exit !== undefined) process.exit(fault.exit)
}

async function print(bytes: number, stdout: Writable): Promise<void> {
  const line = `${'output that nobody asked for '.repeat(35).trimEnd()}\n`
  const chunk = line.repeat(64)
  for (let left = bytes; left > 0; left -= chunk.length) {
    if (!stdout.write(left >= chunk.length ? chunk : chunk.slice(0, left))) await once(stdout, 'drain')
  }
}

/** Standard output of a program under a fault: whole, or up to the text after which the fault happens. */
export async function underFault(fault: ProgramFault, stdout: Writable): Promise<Writable> {
  const { after } = fault
  if (after === undefined) {
    await happen(fault, stdout)
    return stdout
  }
  let seen = ''
  let happened = false
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const text = chunk.toString()
      seen = (seen + text).slice(-(text.length + after.length))
      stdout.write(text, () => {
        if (happened || !seen.includes(after)) {
          done()
          return
        }
        happened = true
        void happen(fault, stdout).then(() => { done() }, done)
      })
    },
  })
}
