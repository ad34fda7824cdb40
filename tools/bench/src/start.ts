import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPrograms } from '@icb/testing'
import { median } from './measurement.ts'
import type { Measurement } from './measurement.ts'

const rounds = 25

/** How long the program takes to say its version, and to do something small, against Node doing nothing. */
export async function startOfProgram(): Promise<readonly Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), 'icb-bench-start-'))
  try {
    const { node, icb } = findPrograms(directory)
    const config = join(directory, 'icb.yaml')
    writeFileSync(config, 'stateDir: state\ndatabases:\n  orcl:\n    dbid: 1433672784\n    areaPath: area\n    parallel: 1\n    recoveryWindowDays: 2\n    retention: { keepDays: 7 }\n    storage: { adapter: local }\n')
    const run = (args: readonly string[]): number => {
      const begun = performance.now()
      const { status, stderr } = spawnSync(node, args, { cwd: directory, env: { PATH: '/usr/bin:/bin', XDG_CACHE_HOME: directory }, encoding: 'utf8' })
      if (status !== 0) throw new Error(`${args.join(' ')} ended with ${String(status)}: ${stderr}`)
      return performance.now() - begun
    }
    const commands = { nothing: ['-e', '0'], version: [icb, '--version'], help: [icb, '--help'], list: [icb, 'snapshot', 'list', 'orcl', '--config', config] } as const
    const times: Record<keyof typeof commands, number[]> = { nothing: [], version: [], help: [], list: [] }
    for (const args of Object.values(commands)) run(args)
    // In turns, so that a machine that is busy for a moment is busy for all of them.
    for (let round = 0; round < rounds; round++) for (const [name, args] of Object.entries(commands)) times[name as keyof typeof commands].push(run(args))
    return [
      { name: 'icb --version against node -e 0', value: median(times.version) / median(times.nothing), unit: 'x', goal: 1.5 },
      { name: 'node -e 0', value: median(times.nothing), unit: 'ms' },
      { name: 'icb --version', value: median(times.version), unit: 'ms' },
      { name: 'icb --help', value: median(times.help), unit: 'ms' },
      { name: 'icb snapshot list, local storage, none there', value: median(times.list), unit: 'ms' },
    ]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
