import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { makeOwnedPlace, sweepOwnedPlaces } from '../src/index.ts'

const prefix = `icb-owned-${String(process.pid)}-`
const module = fileURLToPath(new URL('../src/owned-places.ts', import.meta.url))

it('what a killed process left is removed with its processes, and nothing of a living one', async () => {
  const own = makeOwnedPlace(prefix)
  const script = `const { makeOwnedPlace } = await import(${JSON.stringify(module)})
    const directory = makeOwnedPlace(${JSON.stringify(prefix)})
    const child = (await import('node:child_process')).spawn('sleep', ['600'], { cwd: directory, detached: true, stdio: 'ignore' })
    console.log(JSON.stringify({ directory, child: child.pid }))
    setInterval(() => undefined, 1000)`
  const maker = spawn(process.execPath, ['--conditions=@icb/source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(maker.stdout.setEncoding('utf8'), 'data')) as [string]
  const { directory, child } = JSON.parse(line) as { directory: string; child: number }
  mkdirSync(join(directory, 'snapshot'))
  writeFileSync(join(directory, 'snapshot', 'file'), '')
  chmodSync(join(directory, 'snapshot'), 0o555)
  try {
    expect(await sweepOwnedPlaces(prefix)).toEqual([])
    const ended = once(maker, 'exit')
    maker.kill('SIGKILL')
    await ended
    expect(await sweepOwnedPlaces(prefix)).toEqual([directory])
    expect(existsSync(directory)).toBe(false)
    await expect.poll(() => existsSync(`/proc/${String(child)}`), { timeout: 10_000 }).toBe(false)
    expect(existsSync(own)).toBe(true)
    expect(await sweepOwnedPlaces(prefix)).toEqual([])
  } finally {
    maker.kill('SIGKILL')
    rmSync(own, { recursive: true })
  }
}, 30_000)
