import { crc32 } from 'node:zlib'
import type { JournalHeader, JournalRecord, JournalRun, JournalStep, JournalStepState } from './journal.ts'
import { defineErrors } from './errors.ts'
import type { DefinedErrors, ErrorDefinition } from './errors.ts'
import { redact } from './secret.ts'

/** The error list of journals. */
export const journalErrors: DefinedErrors<Record<'LOCATION' | 'WRITE' | 'DAMAGED' | 'EXISTS', ErrorDefinition>> = defineErrors('JOURNAL', {
  LOCATION: { remedy: 'fix', summary: 'The journal would lie inside a volume that it has to protect, or its directory cannot be used.' },
  WRITE: { remedy: 'operator', summary: 'A record could not be brought to disk, so nothing may be changed under it.' },
  DAMAGED: { remedy: 'operator', summary: 'A journal is damaged before its last line, or was written by a newer version.' },
  EXISTS: { remedy: 'fix', summary: 'A journal of this run id exists already.' },
})

const kinds: readonly string[] = ['run', 'intent', 'outcome', 'failure', 'compensated', 'reconciled', 'end'] satisfies readonly JournalRecord['kind'][]

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}

/** One line: CRC-32 of the JSON in hex, a space, the JSON, a line feed. */
export function encodeRecord(record: JournalRecord): string {
  const json = JSON.stringify(record, (_key, value: unknown) => (typeof value === 'string' ? redact(value) : typeof value === 'bigint' ? value.toString() : value))
  return `${checksum(json)} ${json}\n`
}

function decodeLine(line: string): JournalRecord | undefined {
  const json = line.slice(9)
  if (line[8] !== ' ' || checksum(json) !== line.slice(0, 8)) return undefined
  try {
    return JSON.parse(json) as JournalRecord
  } catch {
    return undefined
  }
}

function isHeader(data: unknown): data is JournalHeader {
  if (typeof data !== 'object' || data === null) return false
  const record = data as Record<string, unknown>
  return (['action', 'database', 'host', 'hostId', 'version'] satisfies (keyof JournalHeader)[]).every((key) => typeof record[key] === 'string')
}

export interface DecodedJournal {
  readonly records: readonly JournalRecord[]
  /** Bytes up to the end of the last whole record; what follows is a torn write. */
  readonly goodBytes: number
}

/**
 * Reads the records of a journal. Invalid bytes after the last valid record are what a crash leaves and are dropped.
 * @throws ICB_JOURNAL_DAMAGED when a valid record follows invalid bytes, a record is missing, or its version is unknown
 */
export function decodeJournal(content: Buffer, path: string): DecodedJournal {
  const records: JournalRecord[] = []
  let goodBytes = 0
  let badLine: number | undefined
  let lineNumber = 0
  for (let from = 0; from < content.length; ) {
    const feed = content.indexOf(0x0a, from)
    if (feed === -1) break
    lineNumber += 1
    const record = decodeLine(content.toString('utf8', from, feed))
    from = feed + 1
    if (record === undefined) {
      badLine ??= lineNumber
      continue
    }
    if (badLine !== undefined) throw damaged(path, badLine, 'its checksum is wrong, and records follow it')
    if ((record.v as number) !== 1) throw damaged(path, lineNumber, `it has version ${String(record.v)}, this program reads version 1`)
    if (record.seq !== records.length || !kinds.includes(record.kind) || record.runId !== (records[0] ?? record).runId) throw damaged(path, lineNumber, 'it is out of sequence')
    if (records.length === 0 && !(record.kind === 'run' && isHeader(record.data))) throw damaged(path, lineNumber, 'it is no header')
    records.push(record)
    goodBytes = from
  }
  return { records, goodBytes }
}

function damaged(path: string, line: number, what: string): Error {
  return journalErrors.errors.DAMAGED(`line ${line} of the journal ${path} cannot be used: ${what}`, {
    hint: 'Look at what the run left (snapshots, clones, mounts, instances), then move the file away.',
    details: { path, line },
  })
}

function stateAfter(record: JournalRecord): JournalStepState {
  switch (record.kind) {
    case 'outcome':
      return 'done'
    case 'failure':
      return (record.data as { readonly undo?: unknown } | undefined)?.undo === true ? 'half-done' : 'failed'
    case 'compensated':
      return 'compensated'
    case 'reconciled':
      return 'reconciled'
    default:
      return 'open'
  }
}

/** Puts the records of one journal together; `undefined` when not even the header reached the disk, so the run did nothing. */
export function runOf(path: string, records: readonly JournalRecord[]): JournalRun | undefined {
  const [first] = records
  if (first === undefined) return undefined
  const steps = new Map<string, { name: string; state: JournalStepState; intents: unknown[]; result?: unknown }>()
  for (const record of records) {
    if (record.step === undefined) continue
    const step = steps.get(record.step) ?? { name: record.step, state: 'open' as const, intents: [] }
    steps.set(record.step, step)
    step.state = stateAfter(record)
    if (record.kind === 'intent') step.intents.push(record.data)
    else step.result = record.data
  }
  const list: readonly JournalStep[] = [...steps.values()]
  const open = new Set(list.filter((step) => step.state === 'open' || step.state === 'half-done').map((step) => step.name))
  return {
    runId: first.runId,
    path,
    header: first.data as JournalHeader,
    records,
    finished: records.some((record) => record.kind === 'end'),
    steps: list,
    openIntents: records.filter((record) => record.kind === 'intent' && record.step !== undefined && open.has(record.step)),
  }
}
