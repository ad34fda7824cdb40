import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFileDurably } from '@icb/runtime'
import { z } from 'zod'
import { fleetErrors as errors } from './errors.ts'

/** How one database ended in a run over many. */
export interface FleetResult {
  readonly exitCode: number
  /** ISO UTC. */
  readonly at: string
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string }
}

/** The last run of one command over many databases, kept in the state directory so that the failed ones can be repeated. */
export interface FleetRecord {
  readonly version: 1
  /** The command as typed, for example `backup --allow-full`. */
  readonly command: string
  readonly at: string
  readonly databases: Readonly<Record<string, FleetResult>>
}

const text = z.string()
const schema = z.object({
  version: z.literal(1),
  command: text,
  at: text,
  databases: z.record(text, z.object({ exitCode: z.number().int(), at: text, error: z.exactOptional(z.object({ code: text, message: text, hint: z.exactOptional(text) })) })),
})

function pathOf(stateDirectory: string, command: string): string {
  const words = command.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 60)
  return join(stateDirectory, 'fleet', `${words}-${createHash('sha256').update(command).digest('hex').slice(0, 8)}.json`)
}

/** @throws ICB_FLEET_RECORD when there is a record that cannot be read */
export async function readFleetRecord(stateDirectory: string, command: string): Promise<FleetRecord | undefined> {
  const path = pathOf(stateDirectory, command)
  let content: string
  try {
    content = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw errors.RECORD(`the record of the last fleet run cannot be read: ${(error as Error).message}`, { details: { path }, cause: error })
  }
  try {
    return schema.parse(JSON.parse(content))
  } catch (error) {
    throw errors.RECORD(`${path} is not the record of a fleet run`, { hint: 'Remove it and run the command over all databases.', details: { path }, cause: error })
  }
}

/** Keeps the record of a run. With `merge`, databases that did not take part keep their former result. On disk when it resolves. */
export async function writeFleetRecord(stateDirectory: string, record: FleetRecord, options: { readonly merge: boolean }): Promise<void> {
  const path = pathOf(stateDirectory, record.command)
  const former = options.merge ? await readFleetRecord(stateDirectory, record.command) : undefined
  await mkdir(dirname(path), { recursive: true })
  await writeFileDurably(path, `${JSON.stringify({ ...record, databases: { ...former?.databases, ...record.databases } }, null, 2)}\n`)
}

/** Databases of the record that are not done, in its order. */
export function failedOf(record: FleetRecord): readonly string[] {
  return Object.entries(record.databases).filter(([, result]) => result.exitCode !== 0).map(([database]) => database)
}
