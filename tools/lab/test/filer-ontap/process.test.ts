import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('../../src/filer-ontap/main.ts', import.meta.url))

it('ends on a signal while its parent keeps standard input open', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'icb-filer-'))
  const child = spawn(process.execPath, [program, '--directory', directory, '--with-parent'], { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '', LAB_APPLIANCE_PASSWORD: 'Filer-password-1' } })
  try {
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}, 60_000)
