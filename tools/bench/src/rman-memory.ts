import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Measurement } from './measurement.ts'

const bytes = 1024 ** 3

/** A program that prints a gigabyte as RMAN does, read by a process of its own. */
export async function rmanGigabyte(): Promise<readonly Measurement[]> {
  const home = mkdtempSync(join(tmpdir(), 'icb-bench-rman-'))
  try {
    mkdirSync(join(home, 'bin'))
    const block = Array.from({ length: 1000 }, (_, index) => `channel ORA_DISK_1: restoring datafile copy ${String(index).padStart(5, '0')} to /backup/orcl/data_D-ORCL_I-1433672784_TS-USERS_FNO-${String(index)}_0${String(index)}abcdef.dbf`).join('\n')
    writeFileSync(join(home, 'block'), `${block}\n`)
    const rounds = Math.ceil(bytes / (block.length + 1))
    const program = join(home, 'bin', 'rman')
    writeFileSync(program, `#!/bin/sh\ncat > /dev/null\necho 'connected to target database: ORCL (DBID=1433672784)'\ni=0\nwhile [ $i -lt ${String(rounds)} ]; do cat '${join(home, 'block')}'; i=$((i+1)); done\necho 'Recovery Manager complete.'\n`)
    chmodSync(program, 0o755)
    const reader = join(home, 'read-rman.mjs')
    // Bundled, as the product is: Node's own reading of TypeScript takes more memory than what is measured.
    await build({ entryPoints: [fileURLToPath(new URL('read-rman.ts', import.meta.url))], outfile: reader, bundle: true, platform: 'node', format: 'esm', target: 'node24', conditions: ['@icb/source', 'node', 'import'] })
    const result = spawnSync(process.execPath, [reader, home], { encoding: 'utf8', maxBuffer: 1024 ** 2 })
    if (result.status !== 0) throw new Error(`reading RMAN failed: ${result.stderr}`)
    const { peakKilobytes, seconds, lines } = JSON.parse(result.stdout) as { peakKilobytes: number; seconds: number; lines: number }
    if (lines < rounds * 1000) throw new Error(`only ${String(lines)} lines arrived`)
    return [
      { name: 'peak memory while RMAN prints 1 GB', value: peakKilobytes / 1024, unit: 'MB', goal: 150 },
      { name: 'reading 1 GB of RMAN output', value: seconds, unit: 's CPU' },
    ]
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
