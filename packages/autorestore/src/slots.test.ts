import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@icb/runtime'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { HostView } from './host-view.ts'
import type { RestoreTestSettings } from './settings.ts'
import { removeInstanceFiles, settingsOfSlot, takeSlot } from './slots.ts'
import type { Slot, SlotDependencies } from './slots.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'icb-slots-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const settings = {
  database: 'orcl', dbid: '1', areaPath: '/area', scratch: '/scratch', slots: ['ICB01', 'ICB02', 'ICB03'], mount: 'fstab', mountPoint: '/restore/{slot}', cloneName: 'autorestore-{slot}',
} as unknown as RestoreTestSettings

function dependencies(runId: string, host: { readonly running?: readonly string[]; readonly mounted?: readonly string[] } = {}): SlotDependencies {
  const view = {
    hostname: 'sandbox', hostId: 'h1',
    runningSids: () => Promise.resolve(host.running ?? []),
    mounts: () => Promise.resolve((host.mounted ?? []).map((mountPoint) => ({ mountPoint, source: 'x', writable: true }))),
  } as unknown as HostView
  return { settings, host: view, slotLocks: directory, slotWaitMs: 0, runId, clock: systemClock, logger: silentLogger, signal: new AbortController().signal }
}

it('[H35] gives every test a slot of its own, and says why there is none left', async () => {
  const slots: Slot[] = await Promise.all(['a', 'b', 'c'].map((runId) => takeSlot(dependencies(runId))))
  expect(new Set(slots.map((slot) => slot.sid))).toEqual(new Set(settings.slots))
  await expect(takeSlot(dependencies('d'))).rejects.toMatchObject({ code: 'ICB_AUTORESTORE_SLOT_BUSY', message: expect.stringContaining('ICB02: another restore test has it') as string })
  await slots[1]?.release()
  expect((await takeSlot(dependencies('e'))).sid).toBe(slots[1]?.sid)
}, 60_000)

it('waits for a slot that becomes free', async () => {
  const one = { ...dependencies('a'), settings: { ...settings, slots: ['ICB01'] } }
  const slot = await takeSlot(one)
  const waiting = takeSlot({ ...one, runId: 'b', slotWaitMs: 60_000 })
  await slot.release()
  expect((await waiting).sid).toBe('ICB01')
}, 60_000)

it('passes over a slot in which a killed test left its instance or its mount', async () => {
  const slot = await takeSlot(dependencies('a', { running: ['icb01'], mounted: ['/restore/icb02'] }))
  expect(slot.sid).toBe('ICB03')
  await expect(takeSlot({ ...dependencies('b', { running: ['ICB01', 'ICB02', 'ICB03'] }) })).rejects.toMatchObject({ message: expect.stringContaining('ICB01: an instance runs') as string })
})

it('names mount point and clone of each slot', () => {
  expect(settingsOfSlot(settings, 'ICB02')).toMatchObject({ mountPoint: '/restore/icb02', cloneName: 'autorestore-icb02' })
})

it('removes what an instance leaves in its home, and nothing of other slots', async () => {
  for (const name of ['hc_ICB01.dat', 'lkICB_ICB01', 'hc_ICB02.dat', 'lkICB_ICB02', 'init.ora']) await writeFile(join(directory, name), '')
  await removeInstanceFiles({ sid: 'ICB01' }, directory)
  await removeInstanceFiles({ sid: 'ICB01' }, directory)
  expect((await readdir(directory)).sort()).toEqual(['hc_ICB02.dat', 'init.ora', 'lkICB_ICB02'])
  await writeFile(join(directory, 'lkCOPY1'), '')
  await removeInstanceFiles({ sid: 'ICB02', uniqueName: 'copy1' }, directory)
  expect((await readdir(directory)).sort()).toEqual(['init.ora', 'lkICB_ICB02'])
})
