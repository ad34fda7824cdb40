import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret, createProcessRunner, pollUntil, silentLogger, systemClock } from '../src/index.ts'
import { processStartTicks } from '../src/host.ts'
import type { ProcessSpec } from '../src/index.ts'

const runner = createProcessRunner({ clock: systemClock, logger: silentLogger })
const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name)
const node = (script: string, ...args: string[]): ProcessSpec => ({ file: process.execPath, args: [script, ...args], env: {}, deadlineMs: 20_000 })
const inline = (code: string): ProcessSpec => node('-e', code)
// A zombie that nobody has collected yet is dead.
const alive = (pid: number): boolean => processStartTicks(pid) !== undefined

describe('process runner', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'icb-runtime-'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('answers exit code, lines of both streams and counts', async () => {
    const lines: string[] = []
    const result = await runner({ ...inline('console.log("one\\r\\ntwo"); console.error("three"); process.stdout.write("no end"); process.exitCode = 3'), onLine: (line, stream) => lines.push(`${stream}:${line}`) })
    expect(result).toMatchObject({ exitCode: 3, signal: null, timedOut: false, canceled: false, lineCount: 4, cutLines: 0 })
    expect(lines.filter((line) => line.startsWith('stdout'))).toEqual(['stdout:one', 'stdout:two', 'stdout:no end'])
    expect(lines).toContain('stderr:three')
    expect([...result.tail].sort()).toEqual(['no end', 'one', 'three', 'two'])
  })

  it('gives the child exactly the environment it is told, and looks names up in its PATH', async () => {
    const result = await runner({ file: 'sh', args: ['-c', 'exec "$NODE" "$SCRIPT"'], env: { PATH: '/usr/bin:/bin', NODE: process.execPath, SCRIPT: fixture('echo-input.mjs') }, deadlineMs: 20_000 })
    // PWD and the like are added by the shell itself.
    expect(result.tail.at(-1)?.split(',').filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))).toEqual(['NODE', 'PATH', 'SCRIPT'])
  })

  it('streams a large script to the child and survives one that does not read it', async () => {
    const text = `${'a'.repeat(79)}\n`.repeat(50_000)
    const read = await runner({ ...node(fixture('echo-input.mjs')), stdin: text })
    expect(read.lineCount).toBe(50_001)
    const unread = await runner({ ...inline('process.exitCode = 7'), stdin: text })
    expect(unread.exitCode).toBe(7)
  })

  it('keeps memory bounded whatever is printed, and the last lines', async () => {
    const before = process.memoryUsage().rss
    let peak = 0
    let count = 0
    const result = await runner({
      ...node(fixture('flood.mjs'), '1024'),
      deadlineMs: 60_000,
      keepLines: 5,
      onLine: () => {
        count += 1
        if (count % 50_000 === 0) peak = Math.max(peak, process.memoryUsage().rss)
      },
    })
    expect(result.lineCount).toBe(1024 * 1024)
    expect(result.tail).toHaveLength(5)
    expect(peak - before).toBeLessThan(256 * 1024 * 1024)
  }, 60_000)

  it('cuts over-long lines and counts them', async () => {
    const result = await runner({ ...inline('process.stdout.write("y".repeat(50_000_000) + "\\nshort\\n")'), maxLineLength: 100 })
    expect(result.tail).toEqual(['y'.repeat(100), 'short'])
    expect(result.cutLines).toBe(1)
  })

  it('redacts each line, also where the cut goes through a secret', async () => {
    new Secret('correct-horse-battery', 'test')
    const result = await runner({ ...inline('console.log("conn sys/correct-horse-battery"); console.log("z".repeat(95) + "correct-horse-battery" + "z".repeat(500))'), maxLineLength: 100 })
    expect(result.tail[0]).toBe('conn sys/[secret]')
    expect(result.tail.join('\n')).not.toContain('corr')
    expect(result.cutLines).toBe(1)
  })

  it('hands secret output over as it is and keeps none of it', async () => {
    new Secret('open-sesame-42', 'test')
    const lines: string[] = []
    const result = await runner({ ...inline('console.log("open-sesame-42"); console.error("from open-sesame-42")'), secretOutput: true, onLine: (line, stream) => lines.push(`${stream}:${line}`) })
    expect(lines.sort()).toEqual(['stderr:from [secret]', 'stdout:open-sesame-42'])
    expect(result.tail).toEqual(['from [secret]'])
  })

  it('[H38] ends the whole group at the deadline, with SIGKILL when SIGTERM is ignored', async () => {
    const pids: number[] = []
    const result = await runner({ ...node(fixture('stubborn.mjs')), deadlineMs: 1500, killGraceMs: 200, onLine: (line) => pids.push(Number(line.split(' ')[1])) })
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: true, canceled: false })
    expect(pids).toHaveLength(2)
    await pollUntil({ clock: systemClock, what: 'the group to end', deadlineMs: 5000 }, () => (pids.some(alive) ? undefined : true))
  })

  it('cancels by signal', async () => {
    const stop = new AbortController()
    const result = await runner(
      {
        ...inline('console.log("up"); setInterval(() => undefined, 1000)'),
        onLine: () => {
          stop.abort()
        },
      },
      { signal: stop.signal },
    )
    expect(result).toMatchObject({ canceled: true, timedOut: false, signal: 'SIGTERM' })
    expect(await runner(inline('1'), { signal: stop.signal })).toMatchObject({ canceled: true, exitCode: null, lineCount: 0 })
  })

  it('cancels a program that is only being started', async () => {
    const stop = new AbortController()
    const running = runner({ ...inline('setInterval(() => undefined, 1000)'), deadlineMs: 20_000 }, { signal: stop.signal })
    stop.abort()
    const { canceled, durationMs } = await running
    expect(canceled).toBe(true)
    // Not at its deadline: the abort itself ended it.
    expect(durationMs).toBeLessThan(15_000)
  })

  it('killAll ends everything that runs', async () => {
    const own = createProcessRunner({ clock: systemClock, logger: silentLogger })
    let ended: Promise<void> | undefined
    const result = await own({
      ...inline('console.log("up"); setInterval(() => undefined, 1000)'),
      onLine: () => {
        ended ??= own.killAll()
      },
    })
    await ended
    expect(result).toMatchObject({ canceled: true })
  })

  it('does not wait for a program left behind that keeps the pipe open', async () => {
    const result = await runner({ ...node(fixture('leave-behind.mjs')), killGraceMs: 300 })
    const left = Number(result.tail[0]?.split(' ')[1])
    expect(result).toMatchObject({ exitCode: 0, timedOut: false })
    expect(result.durationMs).toBeLessThan(10_000)
    expect(alive(left)).toBe(true)
    process.kill(left, 'SIGKILL')
  })

  it('fails with ICB_PROCESS_START when the program is not there, not executable, or its directory is missing', async () => {
    await expect(runner({ ...inline('1'), file: join(dir, 'nowhere') })).rejects.toMatchObject({ code: 'ICB_PROCESS_START', remedy: 'fix' })
    await expect(runner({ ...inline('1'), file: dir })).rejects.toMatchObject({ code: 'ICB_PROCESS_START' })
    await expect(runner({ ...inline('1'), cwd: join(dir, 'nowhere') })).rejects.toMatchObject({ code: 'ICB_PROCESS_START' })
    await expect(runner({ ...inline('1'), args: ['\0'] })).rejects.toMatchObject({ code: 'ICB_PROCESS_START' })
  })

  it('ends the program when its reader throws, and passes the error on', async () => {
    await expect(
      runner({
        ...inline('console.log("up"); setInterval(() => undefined, 1000)'),
        onLine: () => {
          throw new Error('cannot parse')
        },
      }),
    ).rejects.toThrow('cannot parse')
  })
})
