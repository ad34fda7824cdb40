import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret, openJournal, pruneJournals, readJournals, reconcileRun, reopenJournal, unfinishedRuns } from '../src/index.ts'
import type { JournalStep } from '../src/index.ts'
import { decodeJournal } from '../src/journal-format.ts'
import { ManualClock } from '../src/testing.ts'

const header = { action: 'backup', database: 'orcl', host: 'h', hostId: 'aabbccdd', version: '0.1.0' }
let root: string
let dir: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'icb-journal-'))
  dir = join(root, 'state', 'journal')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const clock = new ManualClock('2026-01-01T00:00:00Z')
const open = (runId: string, more: object = {}) => openJournal(dir, header, { clock, runId, ...more })

describe('journal', () => {
  it('gives back what was appended', async () => {
    const journal = await open('r1')
    await journal.append({ kind: 'intent', step: 'snapshot-create', token: 4, data: { name: 'orcl-1', scn: 12n } })
    await Promise.all([journal.append({ kind: 'outcome', step: 'snapshot-create', token: 4 }), journal.append({ kind: 'intent', step: 'clean' })])
    await journal.close()
    const [run] = await readJournals(dir)
    expect(run).toMatchObject({ runId: 'r1', header, finished: false })
    expect(run?.records.map((record) => [record.seq, record.kind, record.step])).toEqual([
      [0, 'run', undefined],
      [1, 'intent', 'snapshot-create'],
      [2, 'outcome', 'snapshot-create'],
      [3, 'intent', 'clean'],
    ])
    expect(run?.records[1]?.data).toEqual({ name: 'orcl-1', scn: '12' })
    expect(run?.openIntents.map((record) => record.step)).toEqual(['clean'])
    expect(run?.steps.map((step) => [step.name, step.state])).toEqual([
      ['snapshot-create', 'done'],
      ['clean', 'open'],
    ])
  })

  it('once another run has settled it, a run that stood still in between cannot write into it any more', async () => {
    const stopped = await open('r1')
    await stopped.append({ kind: 'intent', step: 'refresh', token: 1 })
    const [run] = await readJournals(dir)
    expect(await reconcileRun(run!, { clock, token: 2, answer: () => Promise.resolve({ finding: 'superseded' }) })).toBe(true)
    const settled = await readFile(stopped.path, 'utf8')
    // It goes on and writes the end of what it was doing before it asks for its lease.
    await stopped.append({ kind: 'outcome', step: 'refresh', token: 1, data: { summary: 'a longer record than the one that stands there by now' } })
    await stopped.close()
    expect(await readFile(stopped.path, 'utf8')).toBe(settled)
    expect(await readJournals(dir)).toMatchObject([{ runId: 'r1', finished: true, steps: [{ name: 'refresh', state: 'reconciled' }] }])
    expect(await readdir(dir)).toEqual(['r1.journal'])
  })

  it('[H46] keeps no secret', async () => {
    new Secret('journal-"secret"-1', 'test')
    const journal = await open('r1')
    await journal.append({ kind: 'intent', step: 'x', data: { command: 'login journal-"secret"-1' } })
    await journal.close()
    expect(await readFile(journal.path, 'utf8')).toContain('login [secret]')
    expect((await readJournals(dir))[0]?.records).toHaveLength(2)
  })

  it('cut at any byte, it gives whole records only, and can be gone on with', async () => {
    const journal = await open('r1')
    for (let i = 0; i < 4; i += 1) await journal.append({ kind: i % 2 === 0 ? 'intent' : 'outcome', step: `s${String(i >> 1)}`, data: { text: `größe\n${'x'.repeat(i * 7)}` } })
    await journal.append({ kind: 'end' })
    await journal.close()
    const content = await readFile(journal.path)
    const whole = decodeJournal(content, 'x').records
    expect(whole).toHaveLength(6)
    for (let length = 0; length <= content.length; length += 1) {
      const { records, goodBytes } = decodeJournal(content.subarray(0, length), 'x')
      expect(records).toEqual(whole.slice(0, records.length))
      expect(goodBytes).toBeLessThanOrEqual(length)
      // The tail may also be there in length but not in content.
      expect(decodeJournal(Buffer.concat([content.subarray(0, length), Buffer.alloc(50)]), 'x').records).toEqual(records)
    }
    for (const length of [content.length - 1, content.length - 30]) {
      await writeFile(journal.path, content.subarray(0, length))
      const [run] = await readJournals(dir)
      expect(run?.finished).toBe(false)
      const again = await reopenJournal(run!, { clock })
      await again.append({ kind: 'end' })
      await again.close()
      expect((await readJournals(dir))[0]?.finished).toBe(true)
    }
  })

  it('a journal without a whole header is of a run that did nothing', async () => {
    await mkdir(dir, { recursive: true })
    await writeFile(join(dir, 'r1.journal'), 'deadbeef {"v":1')
    await writeFile(join(dir, 'r2.journal'), '')
    expect(await readJournals(dir)).toEqual([])
    expect(await readJournals(join(dir, 'missing'))).toEqual([])
  })

  it('damage before the last line is an error that names the line', async () => {
    const journal = await open('r1')
    for (const step of ['a', 'b', 'c']) await journal.append({ kind: 'intent', step })
    await journal.close()
    const lines = (await readFile(journal.path, 'utf8')).split('\n')
    await writeFile(journal.path, [lines[0], lines[1]?.replace('"a"', '"z"'), ...lines.slice(2)].join('\n'))
    await expect(readJournals(dir)).rejects.toMatchObject({ code: 'ICB_JOURNAL_DAMAGED', details: { line: 2 } })
    await writeFile(journal.path, [lines[0], ...lines.slice(2)].join('\n'))
    await expect(readJournals(dir)).rejects.toMatchObject({ code: 'ICB_JOURNAL_DAMAGED' })
  })

  it('[H48] is refused inside a protected directory, by name and by symbolic link', async () => {
    const area = join(root, 'area')
    await mkdir(area)
    await expect(openJournal(join(area, 'state'), header, { clock, runId: 'r', protectedPaths: [area] })).rejects.toMatchObject({ code: 'ICB_JOURNAL_LOCATION' })
    expect(await readdir(area)).toEqual([])
    await mkdir(join(area, 'hidden'))
    await symlink(join(area, 'hidden'), join(root, 'link'))
    await expect(openJournal(join(root, 'link'), header, { clock, runId: 'r', protectedPaths: [area] })).rejects.toMatchObject({ code: 'ICB_JOURNAL_LOCATION' })
    const beside = await openJournal(join(root, 'area-state'), header, { clock, runId: 'r', protectedPaths: [area, join(root, 'missing')] })
    await beside.close()
  })

  it('a run id has one journal', async () => {
    await (await open('r1')).close()
    await expect(open('r1')).rejects.toMatchObject({ code: 'ICB_JOURNAL_EXISTS' })
    await expect(open('../r1')).rejects.toMatchObject({ code: 'ICB_JOURNAL_LOCATION' })
  })

  it('a closed journal takes nothing', async () => {
    const journal = await open('r1')
    await journal.close()
    await journal.close()
    await expect(journal.append({ kind: 'end' })).rejects.toMatchObject({ code: 'ICB_JOURNAL_WRITE' })
  })

  it('finds the unfinished runs of a database, and reconciles them answer by answer', async () => {
    const journal = await open('r1')
    await journal.append({ kind: 'intent', step: 'snapshot-create', data: { name: 's1' } })
    await journal.append({ kind: 'outcome', step: 'snapshot-create' })
    await journal.append({ kind: 'intent', step: 'refresh', data: { tag: 't' } })
    await journal.append({ kind: 'intent', step: 'refresh', data: { piece: 'p' } })
    await journal.append({ kind: 'intent', step: 'mount', data: {} })
    await journal.append({ kind: 'failure', step: 'mount', data: { undo: true } })
    await journal.append({ kind: 'intent', step: 'query', data: {} })
    await journal.append({ kind: 'failure', step: 'query', data: { undo: false } })
    await journal.close()
    const finished = await open('r2')
    await finished.append({ kind: 'end' })
    await finished.close()

    expect(await unfinishedRuns(dir, { database: 'other' })).toEqual([])
    expect(await unfinishedRuns(dir, { database: 'orcl', action: 'restore-test' })).toEqual([])
    const [run, ...none] = await unfinishedRuns(dir, { database: 'orcl', action: 'backup' })
    expect(none).toEqual([])
    const asked: JournalStep[] = []
    const first = await reconcileRun(run!, { clock, token: 9, answer: async (step) => (asked.push(step), step.name === 'mount' ? { found: false } : undefined) })
    expect(first).toBe(false)
    expect(asked.map((step) => [step.name, step.state, step.intents.length])).toEqual([
      ['mount', 'half-done', 1],
      ['refresh', 'open', 2],
    ])
    const [again] = await unfinishedRuns(dir, { database: 'orcl' })
    expect(again?.openIntents.map((record) => record.step)).toEqual(['refresh', 'refresh'])
    expect(await reconcileRun(again!, { clock, token: 9, answer: async () => ({ found: true }) })).toBe(true)
    expect(await unfinishedRuns(dir, { database: 'orcl' })).toEqual([])
    expect((await readJournals(dir))[0]?.records.at(-1)).toMatchObject({ kind: 'end', token: 9 })
  })

  it('prunes finished journals of a certain age only', async () => {
    const turned = new ManualClock('2026-01-01T00:00:00Z')
    for (const [runId, end] of [['old', true], ['open', false]] as const) {
      const journal = await openJournal(dir, header, { clock: turned, runId })
      if (end) await journal.append({ kind: 'end' })
      await journal.close()
    }
    await turned.advance(20 * 86_400_000)
    const young = await openJournal(dir, header, { clock: turned, runId: 'young' })
    await young.append({ kind: 'end' })
    await young.close()
    await writeFile(join(dir, 'broken.journal'), 'x\ny\n')
    expect(await pruneJournals(dir, { clock: turned, olderThanDays: 10, keep: (run) => run.runId === 'old' })).toEqual([])
    expect(await pruneJournals(dir, { clock: turned, olderThanDays: 10 })).toEqual([join(dir, 'old.journal')])
    expect((await readdir(dir)).sort()).toEqual(['broken.journal', 'open.journal', 'young.journal'])
  })
})
