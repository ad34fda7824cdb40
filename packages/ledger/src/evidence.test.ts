import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createEvidence, createEvidenceKey, evidenceKeyId, verifyEvidence } from './evidence.ts'
import { proofStatistics } from './statistics.ts'
import type { LedgerEntry, Verdict } from './verdict.ts'

function entry(index: number, outcome: Verdict['outcome'], more: Partial<Verdict> = {}): LedgerEntry {
  const startedAt = new Date(Date.UTC(2026, 0, index, 4)).toISOString()
  const base = { runId: `run-${String(index)}`, database: 'orcl', startedAt, host: 'sandbox' }
  return { ...base, state: 'closed', verdict: { schema: 1, ...base, outcome, reasons: outcome === 'passed' ? [] : [{ code: 'BLOCK_CORRUPT', text: 'file 4, block 7' }], warnings: [], finishedAt: new Date(Date.UTC(2026, 0, index, 5)).toISOString(), ...more } }
}

const entries = [entry(1, 'passed', { restoreSeconds: 60 }), entry(2, 'passed', { restoreSeconds: 100, validation: { ran: true, blocksExamined: 5, corruptBlocks: 0 } }), entry(3, 'failed'), entry(4, 'inconclusive')]
const input = { exportedAt: '2026-02-01T00:00:00.000Z', tool: 'icb 1', host: 'backup', entries }

it('signs what the ledger says, and the same key proves it', () => {
  const key = createEvidenceKey()
  const text = createEvidence(input, key.privateKey)
  expect(verifyEvidence(text)).toMatchObject({ ok: true, knownKey: false, keyId: evidenceKeyId(key.publicKey), problems: [] })
  const check = verifyEvidence(text, { publicKeyPem: key.publicKey })
  expect(check).toMatchObject({ ok: true, knownKey: true })
  expect(check.body?.entries).toEqual(entries)
  expect(check.body?.databases).toEqual([proofStatistics('orcl', entries)])
})

it('is written the same however the file is laid out', () => {
  const key = createEvidenceKey()
  const parsed: unknown = JSON.parse(createEvidence(input, key.privateKey))
  expect(verifyEvidence(JSON.stringify(parsed)).ok).toBe(true)
})

it('finds any change', () => {
  const text = createEvidence(input, createEvidenceKey().privateKey)
  for (const [from, to] of [['"failed"', '"passed"'], ['"tests": 4', '"tests": 5'], ['2026-01-03', '2026-01-04'], ['file 4, block 7', 'file 4, block 8'], ['"host": "backup"', '"host": "other"'], ['"running": 0', '"running": -0'], ['-----END PUBLIC KEY-----\\n"', '-----END PUBLIC KEY-----\\nand more"'], ['-----BEGIN PUBLIC KEY-----\\n', '-----BEGIN PUBLIC KEY-----\\n ']] as const) {
    expect(text).toContain(from)
    expect(verifyEvidence(text.replace(from, to)), from).toMatchObject({ ok: false })
  }
  fc.assert(fc.property(fc.nat({ max: text.length - 1 }), fc.integer({ min: 32, max: 126 }), (at, code) => {
    const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)
    const check = verifyEvidence(changed)
    // A changed blank between tokens is no changed fact.
    if (check.ok) expect(JSON.parse(changed)).toStrictEqual(JSON.parse(text))
  }), { numRuns: 300 })
})

it('tells somebody else\'s key, and a forged sum under a good signature', () => {
  const mine = createEvidenceKey()
  const other = createEvidenceKey()
  expect(verifyEvidence(createEvidence(input, other.privateKey), { publicKeyPem: mine.publicKey })).toMatchObject({ ok: false, knownKey: false, problems: [expect.stringContaining('another key') as string] })
  expect(() => createEvidence(input, 'no key')).toThrow(expect.objectContaining({ code: 'ICB_LEDGER_KEY' }) as Error)
  for (const text of ['', '{}', '[]', '{"format":"icb-evidence/1"}']) expect(verifyEvidence(text).ok).toBe(false)
})

it('adds up what a database has proven', () => {
  expect(proofStatistics('orcl', entries)).toMatchObject({
    tests: 4, passed: 2, failed: 1, inconclusive: 1, failuresInARow: 2, lastOutcome: 'inconclusive', lastProvenAt: '2026-01-02T05:00:00.000Z', lastValidatedAt: '2026-01-02T05:00:00.000Z', restoreSeconds: { last: 100, median: 80, worst: 100 },
  })
  expect(proofStatistics('hr', entries)).toEqual({ database: 'hr', tests: 0, passed: 0, failed: 0, inconclusive: 0, running: 0, lastReasons: [], failuresInARow: 0 })
})
