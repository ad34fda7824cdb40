import { appendFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { date } from './work.ts'
import type { Work } from './work.ts'

function traceFile(work: Work): string {
  const { parameters, controlFile, sid } = work.instance
  const unique = (parameters.get('db_unique_name')?.value ?? controlFile.name).toLowerCase()
  return path.join(parameters.get('diagnostic_dest')?.value ?? '/u01/app/oracle', 'diag', 'rdbms', unique, sid, 'trace', `${sid}_ora_${process.pid}.trc`)
}

/** Puts what a validation found into the trace file of the session; its name. */
export async function writeTrace(work: Work, lines: readonly string[]): Promise<string> {
  const file = traceFile(work)
  const real = work.instance.host.real(file)
  await mkdir(path.dirname(real), { recursive: true })
  await appendFile(real, `*** ${date(work)}\n${lines.join('\n')}\n`)
  return file
}
