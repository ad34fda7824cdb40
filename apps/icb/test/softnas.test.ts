import { createStage, networkHostsLack, softnasStage } from '@icb/testing'
import type { IcbDocument, SoftnasStageStorage, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const timeout = 120_000
const database = 'orcl'
const lacking = networkHostsLack()
let stage: Stage

describe.skipIf(lacking !== undefined)(`on a simulated SoftNAS server${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  beforeAll(async () => { stage = await createStage({ database, storage: softnasStage() }) }, timeout)
  afterAll(async () => { await (stage as Stage | undefined)?.[Symbol.asyncDispose]() })

  it('[M:dorado-softnas] [H15] backups, their age and retention on SoftNAS; whatever needs a clone is refused before it begins, with the way out', async () => {
    const icb = (host: 'prod' | 'sandbox', ...args: string[]): Promise<IcbDocument> => stage.icbJson(host, args)
    const { array } = stage.storage as SoftnasStageStorage
    const configured = await icb('prod', 'configure', database, '--yes')
    expect(configured.ok, JSON.stringify(configured)).toBe(true)
    expect(await icb('prod', 'backup', database)).toMatchObject({ ok: true })
    expect(await icb('prod', 'snapshot', 'create', database)).toMatchObject({ ok: true })
    array.createSnapshot(database, 'hourly1')
    const listed = (await icb('prod', 'snapshot', 'list', database)).result as { snapshot: { name: string; ours: boolean } }[]
    const [mine, ...more] = listed.filter(({ snapshot }) => snapshot.ours)
    expect([listed.length, more.length]).toEqual([2, 0])
    // The names of icb are its own, those of the server are the server's.
    expect(array.snapshots.map(({ name }) => name)).not.toContain(mine!.snapshot.name)

    expect(await icb('prod', 'snapshot', 'age', database)).toMatchObject({ exitCode: 0 })
    for (const args of [['restore-test', database], ['restore', database, '--to', 'latest', '--sid', 'COPY', '--yes']]) {
      expect(await icb('sandbox', ...args), args.join(' ')).toMatchObject({ exitCode: 2, error: { code: 'ICB_AUTORESTORE_NO_CLONES', hint: expect.stringContaining('restore-script') as unknown } })
    }
    // A test that did not begin is none: it proves nothing and fails nothing.
    expect((await icb('sandbox', 'ledger', 'list', database)).result).toEqual([])
    expect(await icb('prod', 'clone', 'create', database, mine!.snapshot.name, 'mine')).toMatchObject({ exitCode: 1, error: { code: 'ICB_STORAGE_UNSUPPORTED', hint: expect.stringContaining('openzfs') as unknown } })

    const removed = await icb('prod', 'snapshot', 'delete', database, mine!.snapshot.name)
    expect(removed).toMatchObject({ ok: true })
    expect(array.snapshots.map(({ name }) => name)).toEqual(['hourly1'])
    expect(JSON.stringify(await icb('prod', 'doctor', database))).toContain('storage.softnas.clones')
  }, timeout)
})
