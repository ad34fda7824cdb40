import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { formatAutorestoreCfg, formatManifest, manifestFileName, parseAutorestoreCfg, parseManifest, pointEntrySchema, readManifest, readPoints } from '@icb/recovery-point'
import type { Manifest } from '@icb/recovery-point'
import type { FuzzSubject } from '../subject.ts'

const manifest: Manifest = {
  version: 1, tool: 'icb 0.1.0', runId: 'aabbccdd-m1abcdef0001', state: 'refreshed', areaId: '0b8b0d1e-1111-4222-8333-444455556666',
  database: { name: 'ORCL', uniqueName: 'orcl', dbid: '1456789012', resetlogsId: '901234567', resetlogsScn: 1n, release: '12.1.0.2.0', cdb: false, role: 'PRIMARY' },
  copies: [
    { file: 1, tablespace: 'SYSTEM', path: 'data_D-ORCL_I-1_TS-SYSTEM_FNO-1_01', bytes: 2n ** 33n, creationScn: 7n, checkpointScn: 18446744073709551615n, fuzzyScn: 0n, status: 'SYSTEM', enabled: 'READ WRITE' },
    { file: 2, tablespace: "Ünïcode's", path: 'copies/with blank "quote"\n.dbf', bytes: 8192n, creationScn: 8n, checkpointScn: 9007199254740993n, fuzzyScn: 0n, status: 'ONLINE', enabled: 'READ WRITE' },
  ],
  window: { redoFrom: 9007199254740993n, minScn: 9007199254740995n, minTime: '2026-03-29 01:00:00', lastScn: 18446744073709551614n, lastTime: '2026-03-29 12:00:00', utcOffset: '+02:00' },
  logs: [{ thread: 1, sequence: 4, resetlogsId: '901234567', firstScn: 90n, nextScn: 201n, firstTime: '2026-03-29 00:30:00', nextTime: '2026-03-29 12:00:01', path: 'archivelog/1_4_901234567.arc' }],
  controlFile: 'after_backup_controlfile.cf',
  parameters: { compatible: '12.1.0', undo_tablespace: 'UNDOTBS1', db_block_size: '8192' },
  sourcePaths: { datafiles: ['/u01/a.dbf'], logs: ['/u01/r.log'], tempfiles: [], controlFiles: ['/u01/c.ctl'], archiveDestinations: ['/backup/orcl/archivelog'], flashbackLogs: [] },
  refreshedAt: '2026-03-28T23:00:00.000Z',
}
const manifestText = formatManifest(manifest)
const { version, tool, runId, areaId, database, controlFile, parameters, sourcePaths } = manifest
const refreshingText = formatManifest({ version, tool, runId, areaId, database, controlFile, parameters, sourcePaths, state: 'refreshing', copies: [], logs: [] })

function largestScn(value: Manifest): bigint {
  const { window, copies, logs } = value
  return [window?.redoFrom, window?.minScn, window?.lastScn, ...copies.flatMap((copy) => [copy.checkpointScn, copy.creationScn, copy.fuzzyScn]), ...logs.flatMap((log) => [log.firstScn, log.nextScn])].reduce<bigint>((largest, scn) => (scn !== undefined && scn !== null && scn > largest ? scn : largest), 0n)
}

/** A cut one is never a manifest; one that is taken means the same when it is written and read again, leads nowhere else and holds SCNs that Oracle can have. */
export const manifestSubject: FuzzSubject = {
  name: 'manifest',
  originals: [manifestText, refreshingText],
  words: ['"refreshing"', '"refreshed"', '"../../etc/passwd"', '"/etc/passwd"', '"version": 2', '"lastScn": null,'],
  examine({ text, original, truncatedAt }) {
    const parsed = parseManifest(text)
    if (truncatedAt !== undefined && truncatedAt < original.trimEnd().length) return { wrong: `a manifest cut at ${String(truncatedAt)} was taken` }
    if (!isDeepStrictEqual(parseManifest(formatManifest(parsed)), parsed)) return { wrong: 'it means something else when it is written and read again' }
    if ([...parsed.copies, ...parsed.logs].some(({ path }) => path.startsWith('/') || path.split('/').includes('..'))) return { wrong: 'it leads out of the area' }
    if (largestScn(parsed) >= 2n ** 64n) return { wrong: 'it holds an SCN of more than 64 bits' }
    return 'accepted'
  },
}

/** The index of an area: whole lines are entries, torn ones are none. */
function pointsSubject(directory: string): FuzzSubject {
  const entry = (name: string, more: Readonly<Record<string, unknown>>): string => JSON.stringify({ snapshot: name, createdAt: '2026-03-29T10:00:00.000Z', runId: 'aabbccdd-m1abcdef0001', manifestDigest: 'ab'.repeat(32), state: 'refreshed', redoFrom: '9007199254740993', minScn: '9007199254740995', lastScn: '18446744073709551614', utcOffset: '+02:00', resetlogsId: '901234567', dbid: '1456789012', ...more })
  const original = [entry('orcl-20260329T100000Z-a', {}), entry('orcl-20260330T100000Z-b', { state: 'damaged', remarks: ['a log is missing'] }), entry('orcl-20260331T100000Z-c', { lastScn: undefined })].map((line) => `${line}\n`).join('')
  const known = original.trimEnd().split('\n').map((line) => pointEntrySchema.parse(JSON.parse(line)))
  return {
    name: 'points.jsonl',
    originals: [original],
    async examine({ text, truncatedAt }) {
      await writeFile(join(directory, '.icb', 'points.jsonl'), text)
      const entries = await readPoints(directory)
      if (truncatedAt !== undefined) {
        const ends = original.split('\n').slice(0, -1).map((_, index, all) => all.slice(0, index + 1).join('\n').length)
        const whole = ends.filter((end) => end <= truncatedAt).length
        if (!isDeepStrictEqual(entries, known.slice(0, whole))) return { wrong: `cut at ${String(truncatedAt)} it has ${String(entries.length)} entries, not ${String(whole)}` }
      }
      if (entries.some(({ redoFrom, minScn, lastScn }) => [redoFrom, minScn, lastScn].some((scn) => scn !== undefined && scn >= 2n ** 64n))) return { wrong: 'it holds an SCN of more than 64 bits' }
      return entries.length === 0 ? 'rejected' : 'accepted'
    },
  }
}

/** The manifest in a clone whose digest the index recorded: one changed byte, and it is not taken. */
function digestSubject(directory: string): FuzzSubject {
  const expectedDigest = createHash('sha256').update(manifestText).digest('hex')
  return {
    name: 'manifest against its digest',
    originals: [manifestText],
    async examine({ text }) {
      await writeFile(join(directory, manifestFileName), text)
      await readManifest(directory, { expectedDigest })
      return text === manifestText ? 'accepted' : { wrong: 'a changed manifest was taken' }
    },
  }
}

const cfg = formatAutorestoreCfg({ dbName: 'ORCL', undoTablespace: 'UNDOTBS1', compatible: '12.1.0', dbBlockSize: '8192', dbFiles: '200', enablePluggableDatabase: true, backupFinished: '2026-03-29 01:00:00', lastScn: 18446744073709551614n, lastTime: '2026-03-29 12:00:00', bctFile: '/u01/bct: x.f', minScn: 9007199254740993n, resetlogsId: '901234567', timezone: '+02:00' })

/** Any text is a file of the original, with more or less known; what is known stays what it is when it is written and read again. */
export const autorestoreCfgSubject: FuzzSubject = {
  name: 'autorestore.cfg',
  originals: [cfg, `${cfg}${cfg.replace('ORCL', 'OTHER')}`],
  words: ['[dbparams]', '[other]', 'lastscn: ', 'lastscn=1e5\n'],
  examine({ text }) {
    const { values, ...known } = parseAutorestoreCfg(text)
    if ([known.lastScn, known.minScn, known.copyScn].some((scn) => scn !== undefined && scn >= 2n ** 64n)) return { wrong: 'it holds an SCN of more than 64 bits' }
    const { values: keys, ...again } = parseAutorestoreCfg(formatAutorestoreCfg(known))
    if (Object.keys(keys).length < Object.keys(known).length) return { wrong: 'something was lost when it was written' }
    if (!isDeepStrictEqual(again, known)) return { wrong: `it means something else when it is written and read again: ${JSON.stringify([known, again], (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}` }
    return Object.keys(values).length === 0 ? 'rejected' : 'accepted'
  },
}

export async function recoveryPointSubjects(): Promise<AsyncDisposable & { readonly subjects: readonly FuzzSubject[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'icb-fuzz-area-'))
  await mkdir(join(directory, '.icb'))
  return {
    subjects: [manifestSubject, digestSubject(directory), pointsSubject(directory), autorestoreCfgSubject],
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
