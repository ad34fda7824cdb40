import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPoints } from '@icb/recovery-point'
import { IcbError, isIcbError } from '@icb/runtime'
import type { Lease } from '@icb/runtime'
import type { SnapshotStorage } from '@icb/storage-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listPoints } from '../src/index.ts'
import type { BackupResult } from '../src/index.ts'
import { namesIn } from './fake-database.ts'
import { makeStand } from './stand.ts'
import type { Stand } from './stand.ts'

let stand: Stand
beforeEach(async () => {
  stand = await makeStand()
})
afterEach(() => stand.remove())

const codeOf = ({ error }: BackupResult): string | undefined => (isIcbError(error) ? error.code : undefined)

function done(result: BackupResult): BackupResult {
  expect({ outcome: result.outcome, error: result.error }).toEqual({ outcome: 'done', error: undefined })
  return result
}

describe('a lease that is lost while the process stands still', () => {
  it.each(['refreshing', 'refreshed'])('writes no manifest that says %s over that of its successor', async (state) => {
    done(await stand.backup())
    const file = join(stand.areaPath, 'icb-manifest.json')
    let before: string | undefined
    // Held until that manifest lies on disk and has only to be renamed.
    const assertHeld = async (): Promise<void> => {
      for (const name of (await namesIn(stand.areaPath)).filter((each) => each !== 'icb-manifest.json' && each.includes('icb-manifest.json'))) {
        if ((JSON.parse(await readFile(join(stand.areaPath, name), 'utf8')) as { state: string }).state !== state) continue
        before = await readFile(file, 'utf8')
        throw new IcbError({ code: 'ICB_LEASE_LOST', message: 'taken', remedy: 'operator' })
      }
    }
    const lease: Lease = { path: '', token: 1, signal: new AbortController().signal, assertHeld, release: async () => undefined }
    const result = await stand.backup({}, { lease })
    expect([result.outcome, codeOf(result)]).toEqual(['failed', 'ICB_LEASE_LOST'])
    expect(before).toBeDefined()
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  /** It was held when the storage was asked, and another run had the area before the storage was done. */
  function lostMeanwhile(fails: boolean): { readonly lease: Lease; readonly storage: SnapshotStorage } {
    let lost = false
    const assertHeld = async (): Promise<void> => {
      if (lost) throw new IcbError({ code: 'ICB_LEASE_LOST', message: 'taken', remedy: 'operator' })
    }
    const createSnapshot: SnapshotStorage['createSnapshot'] = async (name, options) => {
      lost = true
      const made = await stand.storage.createSnapshot(name, options)
      if (fails) throw new IcbError({ code: 'ICB_STORAGE_UNREACHABLE', message: 'no answer', remedy: 'retry' })
      return made
    }
    return { lease: { path: '', token: 1, signal: new AbortController().signal, assertHeld, release: async () => undefined }, storage: { ...stand.storage, createSnapshot } }
  }

  it.each([['whose answer came', false], ['whose answer was lost', true]])('leaves no snapshot that may be of the state of its successor, %s', async (_what, fails) => {
    done(await stand.backup())
    const good = done(await stand.backup())
    const result = await stand.backup({}, lostMeanwhile(fails))
    expect([result.outcome, result.failedStep, codeOf(result)]).toEqual(['failed', 'snapshot-create', fails ? 'ICB_STORAGE_UNREACHABLE' : 'ICB_LEASE_LOST'])
    expect([...stand.memory.volume.snapshots.values()].map((s) => s.name)).toEqual([good.snapshot!.name])
    const last = (await readPoints(stand.areaPath)).at(-1)
    expect(last).toMatchObject({ runId: result.runId, state: 'damaged', remarks: [expect.stringContaining('lease')] })
  })

  it('marks such a snapshot that cannot be removed', async () => {
    done(await stand.backup())
    const { lease, storage } = lostMeanwhile(false)
    const refuse = (): Promise<never> => Promise.reject(new IcbError({ code: 'ICB_STORAGE_HAS_CLONES', message: 'a clone', remedy: 'operator' }))
    const result = await stand.backup({}, { lease, storage: { ...storage, deleteSnapshot: refuse } })
    expect(codeOf(result)).toBe('ICB_LEASE_LOST')
    expect((await listPoints(await stand.dependencies())).at(-1)).toMatchObject({ state: 'damaged', restorable: false })
  })
})
