import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findManifest, readPoints } from '@icb/recovery-point'
import { createStage } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BackupResult, ManualSnapshotResult } from '../src/index.ts'

/** The workflow as it runs in production: the command line against a database with real files, archiving that takes its time, and RMAN. */
let stage: Stage
beforeAll(async () => {
  stage = await createStage()
}, 120_000)
afterAll(async () => {
  await stage[Symbol.asyncDispose]()
})

async function icb(...args: readonly string[]): Promise<IcbDocument> {
  return stage.icbJson('prod', args)
}

async function backup(...options: readonly string[]): Promise<BackupResult> {
  const document = await icb('backup', stage.database, ...options)
  expect(document, JSON.stringify(document.error)).toMatchObject({ ok: true })
  return document.result as BackupResult
}

async function workload(): Promise<void> {
  const result = await stage.lab(['workload', stage.labDirectory, stage.database, '--transactions', '30'])
  expect(result.exitCode).toBe(0)
}

/** Documents carry SCNs as decimal strings. */
function scn(value: unknown): bigint {
  return BigInt(value as string)
}

function areaFiles(pattern: RegExp): readonly string[] {
  return readdirSync(stage.areaPath).filter((name) => pattern.test(name)).sort()
}

describe('a database in the lab', { timeout: 240_000 }, () => {
  it('is configured once; a second time there is nothing to do', async () => {
    const first = await icb('configure', stage.database, '--yes')
    expect(first, JSON.stringify(first.error)).toMatchObject({ ok: true })
    expect((first.result as { applied: readonly string[] }).applied).toContain('archive.area')
    expect((await icb('configure', stage.database, '--yes')).result).toMatchObject({ applied: [] })
  })

  it('is copied in full, then merged, with a snapshot in between that has all redo', async () => {
    const first = await backup()
    expect(first.snapshot).toBeUndefined()
    expect(first.refresh).toMatchObject({ merged: [], skipped: [] })
    expect(first.refresh!.created.length).toBeGreaterThan(0)
    await workload()
    const second = await backup()
    expect(second.refresh).toMatchObject({ created: [] })
    expect(second.point).toMatchObject({ state: 'refreshed' })
    expect(scn(second.point!.lastScn)).toBeGreaterThan(scn(second.point!.minScn))
    const entries = await readPoints(stage.areaPath)
    expect(entries.map((e) => e.snapshot)).toEqual([second.snapshot!.name])
    const { manifest } = (await findManifest(stage.areaPath))!
    expect(manifest).toMatchObject({ state: 'refreshed', runId: second.runId, window: { lastScn: null } })
    expect(areaFiles(/^controlfile_/)).toEqual([manifest.controlFile])
    expect(areaFiles(/^data_D-/)).toEqual(manifest.copies.map((c) => c.path).sort())
  })

  it('refuses when a copy has vanished, and copies it again on request', async () => {
    const { manifest } = (await findManifest(stage.areaPath))!
    await rm(join(stage.areaPath, manifest.copies.at(-1)!.path))
    const refused = await icb('backup', stage.database)
    expect(refused).toMatchObject({ ok: false, exitCode: 3, error: { code: 'ICB_BACKUP_REFUSED_SURPRISE_FULL' } })
    const full = await backup('--allow-full')
    expect(full.refresh?.created).toEqual([manifest.copies.at(-1)!.file])
  })

  it('lets a failing destination be noticed and healed', async () => {
    const fault = await stage.lab(['fault', 'archive-destination', stage.labDirectory, stage.database, '--fail', '--match', stage.areaPath])
    expect(fault.exitCode, fault.stderr).toBe(0)
    await workload()
    const result = await backup()
    expect(result.warnings.map((w) => w.code)).toContain('ICB_BACKUP_WARN_DESTINATION')
    expect(result.point).toMatchObject({ state: 'refreshed' })
    await stage.lab(['fault', 'archive-destination', stage.labDirectory, stage.database, '--clear'])
  })

  it('is settled by the next run after the program was killed in the middle of a refresh', async () => {
    const controller = new AbortController()
    const killed = stage.icb('prod', ['backup', stage.database], { signal: controller.signal })
    // The manifest says that the refresh has begun.
    for (;;) {
      if (readFileSync(join(stage.areaPath, 'icb-manifest.json'), 'utf8').includes('"refreshing"')) break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    controller.abort()
    await killed.catch(() => undefined)
    const next = await backup()
    expect(next.refresh).toBeDefined()
    const last = await backup()
    expect(last.point).toMatchObject({ state: 'refreshed' })
  })

  it('gets a marked snapshot of a damaged area, and the damage is not repaired behind it', async () => {
    const { manifest } = (await findManifest(stage.areaPath))!
    expect(manifest.state).toBe('refreshed')
    await workload()
    const whole = (await icb('snapshot', 'create', stage.database)).result as ManualSnapshotResult
    expect(whole.entry).toMatchObject({ state: 'refreshed' })
    const log = (await findManifest(stage.areaPath))!.manifest.logs.at(-1)!
    await rm(join(stage.areaPath, log.path))
    const document = await icb('snapshot', 'create', stage.database)
    expect(document.ok).toBe(true)
    expect((document.result as ManualSnapshotResult).entry).toMatchObject({ state: 'damaged', remarks: [`archived log ${String(log.thread)}/${String(log.sequence)} is missing`] })
    const archived = await icb('archivelogs', stage.database)
    expect(archived.result).toMatchObject({ outcome: 'ok', copied: [{ sequence: log.sequence }] })
  })
})
