import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { acquireLease, openJournal, parseMountTable, readJournals, readLease, silentLogger, systemClock } from '@icb/runtime'
import type { JournalRecord } from '@icb/runtime'
import { createFileLedger } from '@icb/ledger'
import type { Verdict } from '@icb/ledger'
import { DateTime } from 'luxon'
import { parseSnapshotName, snapshotName } from '@icb/storage-core'
import type { FuzzSubject } from '../subject.ts'

const runId = 'aabbccdd-m1abcdef0001'

/** Records are those that were written, in order and from the first one on, whatever was done to the file. */
async function journalSubject(directory: string): Promise<FuzzSubject> {
  const journal = await openJournal(directory, { action: 'restore-test', database: 'orcl', host: 'sandbox', hostId: 'aabbccdd', version: 'icb 0.1.0' }, { clock: systemClock, runId })
  await journal.append({ kind: 'intent', step: 'create-clone', token: 3, data: { clone: `orcl-rt-${runId}`, snapshot: 'orcl-20260329T100000Z-a' } })
  await journal.append({ kind: 'outcome', step: 'create-clone', token: 3, data: { durationMs: 12 } })
  await journal.append({ kind: 'intent', step: 'start-instance', token: 3, data: { sid: 'ICB01', pfile: "/scratch/run-1/it's \n\u2028.ora" } })
  await journal.append({ kind: 'failure', step: 'start-instance', token: 3, data: { code: 'ICB_ORACLE_SQL', message: 'ORA-01078', undo: true } })
  await journal.append({ kind: 'compensated', step: 'start-instance', token: 3 })
  await journal.append({ kind: 'end', token: 3, data: { ok: false } })
  await journal.close()
  const original = await readFile(journal.path, 'utf8')
  const records = original.trimEnd().split('\n').map((line) => JSON.parse(line.slice(9)) as JournalRecord)
  return {
    name: 'journal',
    originals: [original],
    async examine({ text, truncatedAt }) {
      await writeFile(journal.path, text)
      const [run] = await readJournals(directory)
      const found = run?.records ?? []
      if (!isDeepStrictEqual(found, records.slice(0, found.length))) return { wrong: 'it has records that were never written, or not in this order' }
      if (truncatedAt !== undefined && found.length !== (text.match(/\n/g)?.length ?? 0)) return { wrong: `cut at ${String(truncatedAt)} it has ${String(found.length)} records` }
      if (run?.finished === true && found.length < records.length) return { wrong: 'it counts as finished without its end' }
      return found.length === 0 ? 'rejected' : 'accepted'
    },
  }
}

/** A lease says what its holder wrote, or nothing. */
async function leaseSubject(directory: string): Promise<FuzzSubject> {
  const path = join(directory, 'lease', 'lease')
  const lease = await acquireLease({ path, boundTo: 'area-1', runId, purpose: 'backup orcl', waitMs: 0, clock: systemClock, logger: silentLogger })
  const held = await readFile(path, 'utf8')
  const before = await readLease(path)
  await lease.release()
  const after = await readLease(path)
  return {
    name: 'lease',
    originals: [held, await readFile(path, 'utf8')],
    async examine({ text }) {
      await writeFile(path, text)
      const found = await readLease(path)
      return isDeepStrictEqual(found, before) || isDeepStrictEqual(found, after) ? 'accepted' : { wrong: `it says ${JSON.stringify(found)}` }
    },
  }
}

/** Rows of the proof ledger: a cut verdict is no verdict, and a green one has no reasons. */
async function ledgerSubject(directory: string): Promise<FuzzSubject> {
  const ledger = createFileLedger({ directory, shared: false, clock: systemClock, logger: silentLogger })
  const verdict: Verdict = {
    schema: 1, runId, database: 'orcl', dbid: '1433672784', outcome: 'failed', reasons: [{ code: 'BLOCK_CORRUPT', text: 'file 4 block 7', messages: ['ORA-01578'] }], warnings: ['späte Warnung'], snapshot: 'orcl-20260329T100000Z-a',
    startedAt: '2026-03-29T10:00:00.000Z', finishedAt: '2026-03-29T10:05:00.000Z', host: 'sandbox', sid: 'ICB01', target: { scn: '18446744073709551614' }, verified: { scn: '9007199254740993' }, validation: { ran: true, blocksExamined: 100, corruptBlocks: 1 },
  }
  await ledger.close(verdict)
  const path = join(directory, 'orcl', `${runId}.verdict.json`)
  const text = await readFile(path, 'utf8')
  const passed = text.replace('"failed"', '"passed"').replace(/"reasons": \[[^\]]*\][^\]]*\]/s, '"reasons": []')
  return {
    name: 'ledger row',
    originals: [text, passed],
    words: ['"passed"', '"outcome"', '"reasons": []', '"closed"', '"running"'],
    async examine({ text: damaged, original, truncatedAt }) {
      await writeFile(path, damaged)
      const [entry] = await ledger.list()
      if (entry === undefined) return 'rejected'
      if (truncatedAt !== undefined && truncatedAt < original.trimEnd().length) return { wrong: `a row cut at ${String(truncatedAt)} was taken` }
      if (entry.runId !== runId) return { wrong: `the row of ${runId} says that it is of ${entry.runId}` }
      if (entry.verdict?.outcome === 'passed' && entry.verdict.reasons.length > 0) return { wrong: 'a passed test with reasons against it' }
      return 'accepted'
    },
  }
}

/** A name that is taken for ours is exactly the one that would be made of its parts. */
const snapshotNameSubject: FuzzSubject = {
  name: 'snapshot names',
  originals: [snapshotName('orcl', DateTime.utc(2026, 3, 29, 10), runId), 'orcl-20260329T100000', 'orcl_20161108T215324', 'orcl-20260329T100000Z-a1'],
  words: ['orcl', 'orcl2', '-', '_', 'Z', 'T'],
  examine({ text }) {
    const parts = parseSnapshotName(text, 'orcl')
    if (parts === undefined) return 'rejected'
    const again = parts.runId === undefined ? [`orcl-${parts.createdAt.toFormat("yyyyMMdd'T'HHmmss")}`, `orcl_${parts.createdAt.toFormat("yyyyMMdd'T'HHmmss")}`] : [snapshotName('orcl', parts.createdAt, parts.runId)]
    return again.includes(text) ? 'accepted' : { wrong: `${JSON.stringify(text)} was taken for ${again.join(' or ')}` }
  },
}

const octal = (text: string): string => text.replaceAll(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)

/** Any text is a table of as many mounts as it has lines of that shape; a name with blanks, tabs and line breaks comes back as it is. */
const mountTableSubject: FuzzSubject = {
  name: 'mountinfo',
  originals: [['22 1 0:21 / / rw,relatime shared:1 - ext4 /dev/sda1 rw', '36 22 0:40 / /backup/orcl rw,relatime - nfs4 filer:/export/orcl rw,vers=4.1', `37 22 0:41 / ${octal('/mnt/with blank\tand\nline')} ro - nfs ${octal('filer:/a b')} ro`, ''].join('\n')],
  words: ['\\040', '\\012', '\\999', ' - ', ' nfs ', ' ro '],
  examine({ text }) {
    const table = parseMountTable(text)
    if (table.length > text.split('\n').length) return { wrong: 'more mounts than lines' }
    const name = `/x/${text.replaceAll('\0', '')}`
    const [own] = parseMountTable(`99 1 0:50 / ${octal(name)} rw - nfs4 ${octal(`h:${name}`)} rw`)
    return own?.mountPoint === name && own.source === `h:${name}` ? 'accepted' : { wrong: `the name ${JSON.stringify(name)} came back as ${JSON.stringify(own)}` }
  },
}

export async function runtimeSubjects(): Promise<AsyncDisposable & { readonly subjects: readonly FuzzSubject[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'icb-fuzz-state-'))
  for (const name of ['journals', 'lease', 'ledger']) await mkdir(join(directory, name))
  return {
    subjects: [await journalSubject(join(directory, 'journals')), await leaseSubject(directory), await ledgerSubject(join(directory, 'ledger')), snapshotNameSubject, mountTableSubject],
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
