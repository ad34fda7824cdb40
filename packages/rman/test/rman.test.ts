import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assertRmanOk, createRman } from '../src/index.ts'
import type { RmanEvent, RmanOptions } from '../src/index.ts'

const runProcess = createProcessRunner({ clock: systemClock, logger: silentLogger })
let home = ''

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'icb-rman-'))
  await mkdir(join(home, 'bin'))
  const fixture = fileURLToPath(new URL('fixtures/fake-rman.mjs', import.meta.url))
  await writeFile(join(home, 'bin/rman'), `#!/bin/sh\nexec '${process.execPath}' '${fixture}' "$@"\n`, { mode: 0o755 })
})
afterAll(() => rm(home, { recursive: true, force: true }))

function rman(behaviour: string, more: Partial<RmanOptions> = {}): ReturnType<typeof createRman> {
  return createRman({ oracleHome: home, connect: '/@orcl', env: { FAKE_BEHAVIOUR: behaviour }, runProcess, logger: silentLogger, ...more })
}

const script = 'SWITCH DATABASE TO COPY;\n'

describe('createRman', () => {
  it('[M:wallet] sends CONNECT first, then the command id, the script and EXIT; nothing on the command line, nothing inherited', async () => {
    const events: RmanEvent[] = []
    const result = await rman('ok', { catalog: '/@rcat' }).run({ script, commandId: 'host-run1', deadlineMs: 20_000, onEvent: (event) => events.push(event) })
    expect(result).toMatchObject({ ok: true, exitCode: 0, errors: [], warnings: [], connected: { name: 'ORCL', dbid: '1433672784', state: 'open' } })
    const echo = events.flatMap((event) => (event.type === 'echo' ? [event.text.replace('RMAN> ', '')] : []))
    expect(echo.filter((text) => text !== 'RMAN>')).toEqual(['SET ECHO ON;', 'CONNECT TARGET *', 'CONNECT CATALOG *', "SET COMMAND ID TO 'host-run1';", 'SWITCH DATABASE TO COPY;', 'EXIT;'])
    const [shown] = events.flatMap((event) => (event.type === 'unknown' ? [event.text] : []))
    expect(shown).toContain('args=[]')
    expect(shown).not.toContain('USER')
    assertRmanOk(result, 'switching')
  })

  it('an error stack is not ok; the cause and the next step are in the error', async () => {
    const result = await rman('stack').run({ script, commandId: 'x', deadlineMs: 20_000 })
    expect(result.ok).toBe(false)
    expect(result.errors.map((error) => error.code)).toEqual(['RMAN-03002', 'RMAN-06054'])
    expect(() => {
      assertRmanOk(result, 'recovering')
    }).toThrow(expect.objectContaining({ code: 'ICB_RMAN_FAILED', message: expect.stringMatching(/^recovering: RMAN-06054: .*sequence 42/), details: expect.objectContaining({ codes: ['RMAN-03002', 'RMAN-06054'] }) }))
  })

  it('[H18] an error stack with exit status 0 is not ok either', async () => {
    expect(await rman('quiet-stack').run({ script, commandId: 'x', deadlineMs: 20_000 })).toMatchObject({ ok: false, exitCode: 0 })
  })

  it('[H18] output that ends early is not ok', async () => {
    const result = await rman('truncated').run({ script, commandId: 'x', deadlineMs: 20_000 })
    expect(result).toMatchObject({ ok: false, exitCode: 0, errors: [] })
    expect(() => {
      assertRmanOk(result, 'backing up')
    }).toThrow(/Recovery Manager complete/)
  })

  it('a warning is kept and does not fail the run', async () => {
    const result = await rman('warning').run({ script, commandId: 'x', deadlineMs: 20_000 })
    expect(result).toMatchObject({ ok: true, warnings: [{ code: 'RMAN-08120' }] })
  })

  it('a deadline ends it', async () => {
    const result = await rman('hang').run({ script, commandId: 'x', deadlineMs: 500 })
    expect(result).toMatchObject({ ok: false, timedOut: true })
    expect(() => {
      assertRmanOk(result, 'merging')
    }).toThrow(expect.objectContaining({ code: 'ICB_RMAN_TIMEOUT' }))
  })

  it('an abort ends it with the reason of the signal', async () => {
    const controller = new AbortController()
    const reason = new Error('lease lost')
    await expect(rman('hang').run({ script, commandId: 'x', deadlineMs: 20_000, signal: controller.signal, onEvent: () => { controller.abort(reason) } })).rejects.toBe(reason)
  })

  it('the raw log has every line', async () => {
    const tee = join(home, 'logs', 'raw.log')
    let events = 0
    const result = await rman('flood', { tee }).run({ script, commandId: 'x', deadlineMs: 20_000, onEvent: () => (events += 1) })
    expect(result.ok).toBe(true)
    expect(events).toBeGreaterThan(20_000)
    expect(result.tail.length).toBeLessThan(1000)
    expect((await readFile(tee, 'utf8')).split('\n').filter((line) => line.startsWith('channel c1'))).toHaveLength(20_000)
  })

  it('a missing program is ICB_RMAN_START', async () => {
    await expect(rman('ok', { oracleHome: join(home, 'nowhere') }).run({ script, commandId: 'x', deadlineMs: 5000 })).rejects.toMatchObject({ code: 'ICB_RMAN_START' })
  })

  it.each(['sys/secret@orcl', '/@orcl as sysdba', '/@a b', '/@x\nHOST id', ''])('refuses the connect string %j and does not repeat it', (connect) => {
    expect(() => rman('ok', { connect })).toThrow(expect.objectContaining({ code: 'ICB_RMAN_SCRIPT', message: expect.not.stringContaining('secret') }))
  })

  it.each(["a'b", 'x'.repeat(31), ''])('refuses the command id %j', async (commandId) => {
    await expect(rman('ok').run({ script, commandId, deadlineMs: 1000 })).rejects.toMatchObject({ code: 'ICB_RMAN_SCRIPT' })
  })
})
