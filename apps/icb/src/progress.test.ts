import { expect, it } from 'vitest'
import { formatBytes, formatDuration } from './duration.ts'
import { progressDisplay } from './progress.ts'
import { renderTable } from './table.ts'

const about = { at: '2026-01-01T00:00:00Z', runId: '1-a', database: 'orcl' }

function show(isTTY: boolean): string {
  let text = ''
  const display = progressDisplay({ isTTY, columns: 80, write: (chunk) => { text += chunk } })
  display.emit({ ...about, type: 'step.started', step: 'refresh', title: 'refresh the copies' } as never)
  display.emit({ ...about, type: 'step.progress', step: 'refresh', progress: { fraction: 0.5, text: 'file 2' } } as never)
  display.emit({ ...about, type: 'step.finished', step: 'refresh', durationMs: 1500, summary: '4 files' } as never)
  display.emit({ ...about, type: 'run.warning', code: 'ICB_X', message: 'look here' } as never)
  return text
}

it('a pipe sees one plain line a finished step', () => {
  expect(show(false).split('\n')).toEqual([expect.stringMatching(/^ {2}✓ orcl: refresh the copies +1\.5 s {2}4 files$/), '  ! ICB_X: look here', ''])
})

it('a person sees the running step with a bar', () => {
  expect(show(true)).toContain('[##########..........] 50 % file 2')
})

it('durations, sizes and tables for people', () => {
  expect([0, 59_949, 61_000, 7_500_000].map(formatDuration)).toEqual(['0.0 s', '59.9 s', '1 min 01 s', '2 h 05 min'])
  expect([0, 1023, 1024, 1536n, 5_000_000_000_000n].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 kB', '1.5 kB', '4.5 TB'])
  expect(renderTable(['NAME', 'N'], [['a', '1'], ['bbbbb', '22']])).toEqual(['NAME    N', '-----  --', 'a       1', 'bbbbb  22'])
})
