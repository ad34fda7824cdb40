import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseMountTable } from '@icb/runtime'
import { createStage, sudoLacks, zfssaStage } from '@icb/testing'
import type { IcbDocument, Stage, ZfssaStageStorage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * The mount strategy `sudo` from what `icb sandbox mount-helper` prints to a passed restore test: clones of a simulated array, mounted by
 * the real mount, which root's helper runs for an unprivileged user through the real sudo. What the helper refuses: packages/autorestore/test/mount-helper.test.ts.
 * With a killed test in between: `npm run proof:mounts`.
 */

const lacking = sudoLacks()
const full = process.env['ICB_PROOF_MOUNTS'] === 'full'
const timeout = 180_000
const database = `m${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`

describe.skipIf(lacking !== undefined)(`restore tests that mount through sudo${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  let stage: Stage
  let array: ZfssaStageStorage
  const helper = (): string => join(array.hosts.etc('sandbox'), 'icb-mount')
  const mounted = (): readonly string[] => parseMountTable(array.hosts.mountTable('sandbox')).filter(({ source }) => source.startsWith('zfssa-nfs:')).map(({ source }) => source)

  async function must(document: Promise<IcbDocument>): Promise<unknown> {
    const { exitCode, error, result } = await document
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined })
    return result
  }
  const findings = async (): Promise<readonly { id: string; status: string; summary: string }[]> =>
    ((await stage.icbJson('sandbox', ['doctor', database])).result as { findings: { id: string; status: string; summary: string }[] }).findings.filter(({ id }) => id.startsWith('sandbox.mount-helper'))

  beforeAll(async () => {
    stage = await createStage({ database, storage: zfssaStage({ engine: 'directory', mount: 'sudo' }) })
    array = stage.storage as ZfssaStageStorage
    await must(stage.icbJson('prod', ['configure', database, '--yes']))
    await must(stage.icbJson('prod', ['backup', database]))
    await must(stage.icbJson('prod', ['snapshot', 'create', database]))
  }, timeout)
  afterAll(async () => {
    await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
  }, 60_000)

  it(full ? 'are inconclusive without the helper, and doctor says what is missing' : 'are not possible without the helper: doctor says what is missing', async () => {
    expect(await findings()).toMatchObject([{ status: 'failed', summary: expect.stringContaining('there is no mount helper') as unknown }])
    if (full) expect(await stage.icbJson('sandbox', ['restore-test', database])).toMatchObject({ ok: false, result: { restoreTests: [{ verdict: { outcome: 'inconclusive' } }] } })
    expect(await must(stage.icbJson('sandbox', ['clone', 'list', database]))).toEqual([])
  }, timeout)

  it('pass once an operator has installed what icb prints, and leave no mount', async () => {
    const { script, path } = (await must(stage.icbJson('sandbox', ['sandbox', 'mount-helper']))) as { script: string; path: string }
    expect(path).toBe(helper())
    expect((await stage.icb('sandbox', ['sandbox', 'mount-helper'])).stdout).toBe(script)
    const { stdout: line } = await stage.icb('sandbox', ['sandbox', 'mount-helper', '--sudoers', '--user', 'nobody'])
    writeFileSync(join(array.hosts.etc('sandbox'), 'sudoers'), line)
    writeFileSync(helper(), script)
    chmodSync(helper(), 0o755)
    expect(await findings()).toMatchObject([{ status: 'ok', summary: `${helper()} mounts at ${join(array.hosts.root('sandbox'), 'autorestore')}` }])
    expect(await must(stage.icbJson('sandbox', ['restore-test', database, '--validate', full ? 'always' : 'never']))).toMatchObject({ restoreTests: [{ verdict: { outcome: 'passed' } }] })
    expect(mounted()).toEqual([])
    expect(await must(stage.icbJson('sandbox', ['clone', 'list', database]))).toEqual([])
  }, timeout)

  if (full) it('pass after one that was killed while its clone was mounted', async () => {
    const events = join(stage.directory, 'killed.events')
    let pid = 0
    const killed = stage.icb('sandbox', ['restore-test', database, '--events', events], { onStart: (started) => { pid = started } })
    await expect.poll(() => existsSync(events) && readFileSync(events, 'utf8').includes('"step":"read-manifest"'), { timeout: 60_000, interval: 10 }).toBe(true)
    // `nsenter` became the program that it started.
    process.kill(pid, 'SIGKILL')
    await killed
    expect(mounted()).toHaveLength(1)
    expect(await must(stage.icbJson('sandbox', ['restore-test', database]))).toMatchObject({ restoreTests: [{ verdict: { outcome: 'passed' } }] })
    expect(mounted()).toEqual([])
    expect(await must(stage.icbJson('sandbox', ['clone', 'list', database]))).toEqual([])
  }, timeout)
})
