import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFleetStage, createStage, findPrograms, ownedDirectory, runProgram } from '@icb/testing'
import type { FleetStage, IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** One command over many databases: the failed ones are explained and never stop the others; `--failed` repeats only those. */

interface FleetReport {
  readonly done: number
  readonly failed: number
  readonly databases: readonly { readonly database: string; readonly exitCode: number; readonly error?: { readonly code: string; readonly message: string } }[]
}

const failedIn = (document: IcbDocument): readonly (string | undefined)[][] =>
  (document.result as FleetReport).databases.filter((entry) => entry.exitCode !== 0).map((entry) => [entry.database, entry.error?.code])

describe('five areas on a file system, two of them broken', () => {
  let directory: string
  let config: string
  const names = ['d1', 'd2', 'd3', 'd4', 'd5']
  let icb: (args: readonly string[]) => Promise<{ readonly document: IcbDocument; readonly stdout: string }>

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'icb-fleet-'))
    const programs = findPrograms(directory)
    ownedDirectory(directory, programs.user)
    for (const name of names) ownedDirectory(join(directory, 'backup', name), programs.user)
    ownedDirectory(join(directory, 'backup'), programs.user)
    config = join(directory, 'icb.yaml')
    writeFileSync(config, JSON.stringify({
      stateDir: join(directory, 'state'), ledger: { kind: 'none' },
      defaults: { backupDest: join(directory, 'backup'), recoveryWindowDays: 2, parallel: 1, retention: { keepDays: 3, keepMonths: 0 } },
      databases: Object.fromEntries(names.map((name, index) => [name, { dbid: String(index + 1), ...(name === 'd4' ? { storage: { adapter: 'icb-storage-of-nobody' } } : {}) }])),
    }))
    // A level too few: the area of d2 is not there.
    rmSync(join(directory, 'backup', 'd2'), { recursive: true })
    icb = async (args) => {
      const { stdout, stderr } = await runProgram(programs.node, [programs.icb, '--config', config, ...args], { cwd: directory, env: { PATH: process.env['PATH'] ?? '', HOME: directory, LANG: 'C' }, user: programs.user })
      return { stdout: stdout + stderr, document: (args.includes('--json') ? JSON.parse(stdout) : undefined) as IcbDocument }
    }
  })
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true })
  })

  it('[H36] runs three, explains two, and repeats only those', async () => {
    const { document } = await icb(['fleet', 'snapshot', 'create', '--json'])
    expect(document).toMatchObject({ schema: 'icb/fleet/1', exitCode: 1, result: { done: 3, failed: 2 } })
    expect(failedIn(document).map(([name]) => name)).toEqual(['d2', 'd4'])
    expect((document.result as FleetReport).databases.filter((entry) => entry.exitCode !== 0).every((entry) => (entry.error?.message ?? '') !== '')).toBe(true)
    const again = await icb(['fleet', 'snapshot', 'create', '--failed', '--json'])
    expect(again.document).toMatchObject({ exitCode: 1, result: { done: 0, failed: 2 } })
    // Repaired: done now, and not repeated any more.
    ownedDirectory(join(directory, 'backup', 'd2'), findPrograms(directory).user)
    const repaired = await icb(['fleet', 'snapshot', 'create', '--failed'])
    expect(repaired.stdout).toContain('2 databases: 1 done, 1 failed')
    expect((await icb(['fleet', 'snapshot', 'create', '--failed', '--json'])).document.result).toMatchObject({ databases: [{ database: 'd4' }] })
  }, 60_000)

  it('shows what it would do, and refuses what cannot be done for many', async () => {
    expect((await icb(['fleet', 'backup', '--exclude', 'd1', 'd2', '--dry-run', '--', '--allow-full'])).stdout.trim().split('\n')).toEqual(['d3', 'd4', 'd5'].map((name) => `would: icb backup ${name} --allow-full`))
    for (const words of [['restore'], ['snapshot']]) expect((await icb(['fleet', ...words, '--json'])).document, words.join(' ')).toMatchObject({ exitCode: 2 })
    expect((await icb(['fleet', 'backup', '--failed', '--json'])).document).toMatchObject({ exitCode: 2, error: { hint: 'Run it without --failed first.' } })
  }, 60_000)
})

const size = Number(process.env['ICB_PROOF_DATABASES'] ?? '0')
if (size > 0) {
  describe(`a fleet of ${String(size)} lab databases, 3 of them broken`, () => {
    let stage: Stage
    let fleet: FleetStage
    let config: string
    const timeout = 120_000 + size * 60_000

    async function run(...args: readonly string[]): Promise<IcbDocument> {
      const began = Date.now()
      const document = await stage.icbJson('prod', args, { config, timeoutMs: timeout })
      console.log(`icb ${args.join(' ')}: exit ${String(document.exitCode)}, ${((Date.now() - began) / 1000).toFixed(0)} s`)
      return document
    }

    beforeAll(async () => {
      stage = await createStage({ database: `p${Math.floor(Math.random() * 0xfffff).toString(16)}`, labInit: ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'] })
      fleet = await createFleetStage(stage, { databases: size - 1, slots: 1 })
      config = fleet.configs.prod
    }, timeout)
    afterAll(async () => {
      await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
    }, 240_000)

    it('backs up all but three, explains those, repeats only those', async () => {
      expect(await run('fleet', 'configure', '--', '--yes')).toMatchObject({ exitCode: 0, result: { done: size } })
      const [, down = '', other = '', lost = ''] = fleet.databases
      // One instance is down, one entry names another database's DBID, one area is gone.
      await stage.lab(['stop', stage.labDirectory, down, '--abort'])
      rmSync(fleet.areaOf(lost), { recursive: true })
      const wrong = JSON.parse(JSON.stringify(await import('node:fs').then(({ readFileSync }) => JSON.parse(readFileSync(config, 'utf8')) as unknown))) as { databases: Record<string, { dbid: string }> }
      const entry = wrong.databases[other]
      if (entry !== undefined) entry.dbid = '1'
      writeFileSync(config, JSON.stringify(wrong))
      const document = await run('fleet', 'backup')
      expect(document).toMatchObject({ exitCode: 1, result: { done: size - 3, failed: 3 } })
      expect(failedIn(document).map(([name]) => name)).toEqual([down, other, lost])
      console.log((document.result as FleetReport).databases.filter((one) => one.exitCode !== 0).map((one) => `${one.database}: ${one.error?.code ?? ''} ${one.error?.message ?? ''}`).join('\n'))
      expect(new Set(failedIn(document).map(([, code]) => code)).size).toBe(3)
      await stage.lab(['start', stage.labDirectory, down])
      const again = await run('fleet', 'backup', '--failed')
      // Both that are left are refusals, and that is what the exit code says.
      expect(again).toMatchObject({ exitCode: 3, result: { done: 1, failed: 2 } })
      expect((again.result as FleetReport).databases.map((one) => one.database)).toEqual([down, other, lost])
    }, timeout * 2)
  })
}
