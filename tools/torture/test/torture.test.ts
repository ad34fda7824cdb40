import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryRoot } from '@icb/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backupSteps, describePlan, openingSteps, planOf, restoreSteps, restoreTestSteps, secondSnapshotSteps } from '../src/plan.ts'
import { openDoor } from '../src/door.ts'
import { undoUnsynced } from '../src/power-notes.ts'
import { readPatches } from '../src/variants.ts'

const run = promisify(execFile)

describe('plans', () => {
  it('follow from seed and number alone', () => {
    expect(planOf(7, 3)).toEqual(planOf(7, 3))
    expect(new Set(Array.from({ length: 300 }, (_, index) => describePlan(planOf(1, index)))).size).toBeGreaterThan(250)
  })

  it('strike at steps that the workflows have', () => {
    const sources = globSync('packages/{backup,autorestore}/src/**/*.ts', { cwd: repositoryRoot }).map((file) => readFileSync(join(repositoryRoot, file), 'utf8')).join('\n')
    for (const step of [...backupSteps, ...restoreTestSteps, ...restoreSteps, ...secondSnapshotSteps, ...Object.values(openingSteps).flat()]) expect(sources, step).toContain(`'${step}'`)
  })

  it('attack every command, with every kind of fault, in every thousand', () => {
    const plans = Array.from({ length: 1000 }, (_, index) => planOf(1, index))
    expect([...new Set(plans.map((plan) => plan.command))].sort()).toEqual(['archivelogs', 'backup', 'restore', 'restore cleanup', 'restore resume', 'restore-test', 'snapshot clean', 'snapshot create'])
    expect([...new Set(plans.map((plan) => plan.fault.kind))].sort()).toEqual(['call', 'damage', 'half-switch', 'kill', 'kill-child', 'kill-instance', 'ledger', 'power-cut', 'signal', 'storage', 'suspend', 'twice'])
  })
})

describe('a power cut', () => {
  let directory: string
  beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'icb-power-')) })
  afterEach(() => { rmSync(directory, { recursive: true, force: true }) })

  it('takes away bytes behind the last sync, and names whose directory was not synced', () => {
    const notes = join(directory, 'notes')
    mkdirSync(notes)
    const write = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text)
      return join(directory, name)
    }
    const [journal, fresh, replaced] = [write('journal', 'synced, not synced'), write('fresh', 'new'), write('replaced', 'new content')]
    writeFileSync(join(notes, 'before-1'), 'old content')
    const note = (entry: object): void => { appendFileSync(join(notes, 'notes.jsonl'), `${JSON.stringify(entry)}\n`) }
    note({ created: journal })
    note({ synced: journal, bytes: 6 })
    note({ directory })
    note({ created: fresh })
    note({ synced: fresh, bytes: 3 })
    note({ replaced, backup: join(notes, 'before-1') })
    expect(undoUnsynced(notes)).toHaveLength(3)
    expect(readFileSync(journal, 'utf8')).toBe('synced')
    expect(() => readFileSync(fresh)).toThrow('ENOENT')
    expect(readFileSync(replaced, 'utf8')).toBe('old content')
  })
})

describe('the door', () => {
  it('answers a program whose process number another one had that was killed at the door', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'icb-door-'))
    const home = join(directory, 'home')
    mkdirSync(join(home, 'bin'), { recursive: true })
    for (const program of ['rman', 'sqlplus']) writeFileSync(join(home, 'bin', program), '#!/bin/sh\n', { mode: 0o755 })
    const place = join(directory, 'door')
    const door = openDoor(home, place, undefined)
    try {
      door.onCall = () => ({ kind: 'served', output: 'answered', exitCode: 3 })
      await expect(run('sh', ['-c', 'mkfifo "$0/$$.answer"; exec "$1" < /dev/null', place, join(home, 'bin', 'rman')])).rejects.toMatchObject({ code: 3, stdout: 'answered' })
      expect(door.trouble).toEqual([])
    } finally {
      door.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

describe('broken guarantees', () => {
  it.each(readPatches().map((patch) => [patch.name, patch] as const))('%s still applies to the sources', (_, patch) => {
    execFileSync('git', ['apply', '--check', patch.file], { cwd: repositoryRoot, stdio: 'pipe' })
  })
})

describe('the product under attack', () => {
  it('loses nothing and leaves nothing in 20 runs', async () => {
    const node = join(repositoryRoot, 'node_modules', '.bin', 'node')
    const args = ['--conditions=@icb/source', '--disable-warning=ExperimentalWarning', join(repositoryRoot, 'tools', 'torture', 'src', 'main.ts'), '--runs', '20', '--seed', '1', '--json']
    const { stdout } = await run(node, args, { cwd: repositoryRoot, maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => error as { stdout: string })
    const report = JSON.parse(stdout) as { summary: string; runs: { plan: { run: number }; struck: boolean; findings: { text: string }[] }[] }
    expect(report.runs.flatMap(({ plan, findings }) => findings.map((finding) => `run ${String(plan.run)}: ${finding.text}`))).toEqual([])
    expect(report.summary).toBe('20 runs, 0 lost, 0 left over')
    expect(report.runs.filter((each) => each.struck).length).toBeGreaterThan(10)
  }, 900_000)
})
