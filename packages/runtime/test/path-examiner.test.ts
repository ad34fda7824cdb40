import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPathExaminer, systemClock } from '../src/index.ts'

let base: string
beforeEach(() => { base = mkdtempSync(join(tmpdir(), 'icb-examine-')) })
afterEach(() => { rmSync(base, { recursive: true, force: true }) })

describe('an examined path', () => {
  const examiner = createPathExaminer({ clock: systemClock, deadlineMs: 30_000 })

  it('is absent, also behind what is no directory', async () => {
    writeFileSync(join(base, 'file'), '')
    expect(await examiner.examine(join(base, 'nothing'))).toEqual({ state: 'absent' })
    expect(await examiner.examine(join(base, 'file', 'below'))).toEqual({ state: 'absent' })
  })

  it.each(['plain.dbf', "it's \"odd\"\nand ü \u2028.dbf"])('tells what is there: %j', async (name) => {
    const path = join(base, name)
    writeFileSync(path, 'x')
    const { dev, ino, uid } = statSync(path, { bigint: true })
    expect(await examiner.examine(path)).toEqual({ state: 'present', facts: { realPath: path, device: dev, inode: ino, isDirectory: false, isLink: false, ownerUid: Number(uid) } })
  })

  it('follows links, and finds those that lead nowhere or in a circle', async () => {
    mkdirSync(join(base, 'real'))
    symlinkSync(join(base, 'real'), join(base, 'link'))
    symlinkSync(join(base, 'nowhere'), join(base, 'dangling'))
    symlinkSync(join(base, 'circle'), join(base, 'circle'))
    expect(await examiner.examine(join(base, 'link'))).toMatchObject({ state: 'present', facts: { realPath: join(base, 'real'), isDirectory: true, isLink: true } })
    for (const name of ['dangling', 'circle']) expect(await examiner.examine(join(base, name))).toMatchObject({ state: 'present', facts: { realPath: join(base, name), isLink: true } })
  })

  it('takes many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => examiner.examine(join(base, String(index)))))
    expect(answers.every(({ state }) => state === 'absent')).toBe(true)
  })
})

it('a path that does not answer in time is unknown, and the next one is examined', async () => {
  let impatient = true
  const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => (impatient ? Promise.resolve() : systemClock.sleep(ms, signal)) }
  const examiner = createPathExaminer({ clock, deadlineMs: 30_000 })
  expect(await examiner.examine(base)).toEqual({ state: 'unknown', reason: 'the file system does not answer', hangs: true })
  impatient = false
  expect(await examiner.examine(base)).toMatchObject({ state: 'present' })
})

it('keeps no program alive', () => {
  const script = `import { createPathExaminer, systemClock } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
    console.log(JSON.stringify(await createPathExaminer({ clock: systemClock, deadlineMs: 30_000 }).examine('/nothing-here')))`
  const printed = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], { encoding: 'utf8', timeout: 30_000 })
  expect(printed.trim()).toBe('{"state":"absent"}')
})
