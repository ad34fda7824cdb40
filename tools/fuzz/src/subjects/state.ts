import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readPins } from '@icb/backup'
import { readFleetRecord, writeFleetRecord } from '@icb/fleet'
import { createEvidence, verifyEvidence } from '@icb/ledger'
import type { LedgerEntry } from '@icb/ledger'
import { readAreaId } from '@icb/recovery-point'
import type { FuzzSubject } from '../subject.ts'

const pins = {
  version: 1,
  pins: [
    { snapshot: 'orcl-20260329T100000Z-aabbccdd-m1abcdef0001', reason: 'year end, it\'s "kept"\n', pinnedAt: '2026-03-29T11:00:00.000Z', until: '2026-12-31T00:00:00.000Z', kept: 'file' },
    { snapshot: 'orcl-20260330T100000Z-aabbccdd-m1abcdef0002', reason: 'audit', pinnedAt: '2026-03-30T11:00:00.000Z', kept: 'storage' },
  ],
}

/** A pin that cannot be read must not vanish: what is read from a file that was cut off is nothing. */
function pinsSubject(areaPath: string): FuzzSubject {
  const original = `${JSON.stringify(pins, null, 2)}\n`
  return {
    name: 'pins',
    originals: [original],
    words: ['"until"', 'null', '"2026-02-30T00:00:00Z"', '{"pins":[]}', '"snapshot"'],
    async examine({ text, truncatedAt }) {
      await writeFile(join(areaPath, '.icb', 'pins.json'), text)
      const found = await readPins({ settings: { areaPath } as Parameters<typeof readPins>[0]['settings'] })
      if (truncatedAt !== undefined && truncatedAt < original.trimEnd().length) return { wrong: `cut at ${String(truncatedAt)} it has ${String(found.length)} pins` }
      const odd = found.find((pin) => typeof pin.snapshot !== 'string' || (pin.until !== undefined && !Number.isFinite(Date.parse(pin.until))))
      return odd === undefined ? 'accepted' : { wrong: `a pin says ${JSON.stringify(odd)}` }
    },
  }
}

function areaIdSubject(areaPath: string): FuzzSubject {
  return {
    name: 'area id',
    originals: ['0b8b0d1e-1111-4222-8333-444455556666\n'],
    async examine({ text }) {
      await writeFile(join(areaPath, '.icb', 'area-id'), text)
      const id = await readAreaId(areaPath)
      return id !== undefined && /^[0-9A-Za-z-]{8,64}$/.test(id) && text.includes(id) ? 'accepted' : { wrong: `it is ${String(id)}` }
    },
  }
}

/** The record of a fleet run says which databases failed; one that lost some of them must not count as one. */
async function fleetRecordSubject(stateDirectory: string): Promise<FuzzSubject> {
  const command = 'backup'
  await writeFleetRecord(stateDirectory, { version: 1, command, at: '2026-03-29T10:00:00.000Z', databases: { orcl: { exitCode: 0, at: '2026-03-29T10:00:00.000Z' }, crm: { exitCode: 3, at: '2026-03-29T10:00:01.000Z', error: { code: 'ICB_BACKUP_REFUSED_AREA', message: "it's \"gone\"\n" } } } }, { merge: false })
  const path = join(stateDirectory, 'fleet', (await readdir(join(stateDirectory, 'fleet')))[0] ?? '')
  const original = await readFile(path, 'utf8')
  return {
    name: 'fleet record',
    originals: [original],
    words: ['"exitCode": -1', '"databases": {}', '"error": null', '"__proto__": {"exitCode": 0}'],
    async examine({ text, truncatedAt }) {
      await writeFile(path, text)
      const found = await readFleetRecord(stateDirectory, command)
      if (truncatedAt !== undefined && truncatedAt < original.trimEnd().length) return { wrong: `a record cut at ${String(truncatedAt)} was taken` }
      return Object.values(found?.databases ?? {}).every((result) => Number.isInteger(result.exitCode)) ? 'accepted' : { wrong: 'it has an exit code that is no number' }
    },
  }
}

/** The same pair from the same number, so that the same seed makes the same inputs: the key itself is 32 bytes behind what says that it is one of ed25519. */
function evidenceKey(fill: number): { readonly privateKey: string; readonly publicKey: string } {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, fill)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return { privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString() }
}

/** Nothing but what was signed is evidence; a blank more or less does not matter, a digit does. */
function evidenceSubject(): FuzzSubject {
  const [key, another] = [evidenceKey(1), evidenceKey(2)]
  const entry = (index: number, outcome: 'passed' | 'failed'): LedgerEntry => {
    const [startedAt, finishedAt, runId] = [`2026-03-2${String(index)}T10:00:00.000Z`, `2026-03-2${String(index)}T10:10:00.000Z`, `aabbccdd-m1abcdef000${String(index)}`]
    return { runId, database: 'orcl', startedAt, host: 'sandbox', state: 'closed', snapshot: 's', verdict: { schema: 1, runId, database: 'orcl', outcome, reasons: outcome === 'failed' ? [{ code: 'SCN_MISMATCH', text: 'file 1 stands at SCN 5' }] : [], warnings: [], startedAt, finishedAt, host: 'sandbox' } }
  }
  const original = createEvidence({ exportedAt: '2026-03-30T00:00:00.000Z', tool: 'icb 0.1.0', host: 'sandbox', entries: [entry(1, 'passed'), entry(2, 'failed')] }, key.privateKey)
  const signed = JSON.parse(original) as unknown
  return {
    name: 'evidence files',
    originals: [original],
    words: ['"passed"', '"failed"', '"entries": []', another.publicKey.replaceAll('\n', '\\n'), '"algorithm": "none"'],
    examine({ text }) {
      const { ok, knownKey, problems } = verifyEvidence(text, { publicKeyPem: key.publicKey })
      if (!ok) return problems.length > 0 ? 'rejected' : { wrong: 'it is refused without a reason' }
      return knownKey && isDeepStrictEqual(JSON.parse(text), signed) ? 'accepted' : { wrong: 'it is not what was signed' }
    },
  }
}

/** Small files that the product keeps for itself and for auditors. */
export async function stateSubjects(): Promise<AsyncDisposable & { readonly subjects: readonly FuzzSubject[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'icb-fuzz-state-'))
  await mkdir(join(directory, '.icb'))
  return {
    subjects: [pinsSubject(directory), areaIdSubject(directory), await fleetRecordSubject(directory), evidenceSubject()],
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
