import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPrograms, runProgram } from '@icb/testing'
import type { Measurement } from './measurement.ts'

const databases = 100
const eachMs = 2000
const concurrency = 10

/** A storage that takes its time. */
const slowAdapter = `
const none = async function* () {}
export const adapter = {
  name: 'slow', apiVersion: 1, options: { safeParse: (data) => ({ success: true, data }) },
  open: async () => ({
    capabilities: { atomic: true, atomicGroup: false, clones: false, thinClones: false, spaceAccounting: false, holds: false, labels: false, maxNameLength: 200 },
    listSnapshots: async function* () { await new Promise((resolve) => setTimeout(resolve, ${String(eachMs)})) },
    listClones: none,
  }),
}
`

/** One command over a hundred databases that takes two seconds for each, ten at a time: whole program, from start to end. */
export async function fleetOfHundred(): Promise<readonly Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), 'icb-bench-fleet-'))
  try {
    const { node, icb } = findPrograms(directory)
    writeFileSync(join(directory, 'slow.mjs'), slowAdapter)
    mkdirSync(join(directory, 'state'))
    const config = join(directory, 'icb.yaml')
    const names = Array.from({ length: databases }, (_, index) => `db${String(index)}`)
    writeFileSync(config, ['stateDir: state', 'databases:', ...names.flatMap((name, index) => [`  ${name}:`, `    dbid: ${String(1_433_672_784 + index)}`, `    areaPath: areas/${name}`, '    parallel: 1', '    recoveryWindowDays: 2', '    retention: { keepDays: 7 }', '    storage: { adapter: ./slow.mjs }'])].join('\n') + '\n')
    const begun = performance.now()
    const result = await runProgram(node, [icb, 'fleet', 'snapshot', 'list', '--concurrency', String(concurrency), '--config', config, '--json'], { cwd: directory, env: { PATH: '/usr/bin:/bin', XDG_CACHE_HOME: directory } })
    const seconds = (performance.now() - begun) / 1000
    if (result.exitCode !== 0) throw new Error(`icb fleet ended with ${String(result.exitCode)}: ${result.stdout.slice(-2000)}${result.stderr}`)
    const bound = (databases * eachMs) / concurrency / 1000
    return [{ name: `${String(databases)} databases of ${String(eachMs / 1000)} s, ${String(concurrency)} at a time (bound ${String(bound)} s)`, value: seconds, unit: 's', goal: bound * 1.05 }]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
