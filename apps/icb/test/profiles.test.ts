import { profileCases, proveProfile } from '@icb/testing'
import type { ProfileProof } from '@icb/testing'
import { afterAll, describe, expect, it } from 'vitest'

/** `npm run proof:profiles` takes the whole matrix; this one has what a single instance has not; a standby is in switchover.test.ts. */
const all = process.env['ICB_PROOF_PROFILES'] === 'all'
const compact = ['19c CDB cluster']
const proofs: ProfileProof[] = []

describe('configure, back up and restore-test', () => {
  it.each(profileCases.filter((proof) => all || compact.includes(proof.name)).map((proof) => [proof.name, proof] as const))('[M:rac-asm-cdb] on %s', async (_, proof) => {
    const found = await proveProfile(proof, { validate: all })
    proofs.push(found)
    expect(found.datafiles).toBeGreaterThan(3)
    if (all) expect(found.blocksExamined).toBeGreaterThan(1000)
    // A standby has no word in the retention policy; Standard Edition has neither change tracking nor channels.
    const expected = ['ICB_BACKUP_WARN_RETENTION', 'ICB_BACKUP_CONFIGURE', 'ICB_BACKUP_WARN_PARALLEL']
    expect(found.warnings.filter((code) => !expected.includes(code))).toEqual([])
  }, 300_000)

  afterAll(() => {
    if (!all) return
    for (const { name, seconds, datafiles, logs, blocksExamined, warnings } of proofs) {
      console.log(`${name.padEnd(22)} ${Object.entries(seconds).map(([step, s]) => `${step} ${s.toFixed(1)} s`).join(', ')}; ${String(datafiles)} files, logs ${Object.entries(logs).map(([thread, n]) => `${thread}:${String(n)}`).join(' ')}, ${String(blocksExamined)} blocks${warnings.length === 0 ? '' : `; ${warnings.join(' ')}`}`)
    }
  })
})
