import { join } from 'node:path'
import { repositoryRoot, runProgram } from '@icb/testing'
import { expect, it } from 'vitest'
import type { DemoReport } from '../src/scenario.ts'

const reasons = (report: DemoReport): readonly (readonly [string, string, readonly string[]])[] =>
  report.sabotage.map((entry) => [entry.what, entry.verdict.outcome, entry.verdict.reasons.map((reason) => reason.code)] as const)

it('the demo proves the good recovery points and finds each sabotage with exactly its reason', { timeout: 540_000 }, async () => {
  const result = await runProgram(join(repositoryRoot, 'node_modules', '.bin', 'node'), ['--disable-warning=ExperimentalWarning', join(repositoryRoot, 'tools', 'demo', 'src', 'main.ts'), '--json', '--seed', '7'], {
    cwd: repositoryRoot, env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', TMPDIR: process.env['TMPDIR'] ?? '/tmp' }, timeoutMs: 500_000,
  })
  expect(result.stderr).toBe('')
  const report = JSON.parse(result.stdout) as DemoReport
  expect(report.ok).toBe(true)
  expect(result.exitCode).toBe(0)
  expect(report.backups).toHaveLength(3)
  expect(report.recoveryPoints.length).toBeGreaterThanOrEqual(5)
  expect(report.restoreTests.map((test) => [test.verdict.outcome, test.verdict.reasons])).toEqual([['passed', []], ['passed', []]])
  for (const { verdict } of report.restoreTests) expect(['0', '-1']).toContain(verdict.scnDifference)
  expect(reasons(report)).toEqual([
    ['archived-log', 'failed', ['ARCHIVED_LOG_MISSING']],
    ['datafile-copy', 'failed', ['BLOCK_CORRUPT']],
    ['control-file', 'failed', ['DBID_MISMATCH']],
  ])
})
