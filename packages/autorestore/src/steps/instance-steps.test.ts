import { systemClock } from '@icb/runtime'
import { expect, it } from 'vitest'
import type { RecoveryRun } from '../restore-run.ts'
import { detachFromSource, stopOwnInstance } from './instance-steps.ts'
import type { OwnInstance } from './instance-steps.ts'

const scratch = '/restore/scratch/run-1'

/** An instance whose process is still listed so many times after its shutdown was answered. */
function instance(lingers: number): OwnInstance & { readonly calls: string[] } {
  const calls: string[] = []
  let left = lingers
  const host = { runningSids: () => Promise.resolve(calls.includes('abort') && left-- <= 0 ? [] : ['ICB01']) }
  const oracle = {
    sql: { query: () => Promise.resolve([{ value: `${scratch}/control.cf` }]) },
    instance: { shutdown: ({ mode }: { mode: string }) => { calls.push(mode); return Promise.resolve() } },
  }
  return { sid: 'ICB01', scratch, oracle, deps: { host, clock: systemClock }, calls } as unknown as OwnInstance & { readonly calls: string[] }
}

it.each([0, 1, 3])('waits until the processes are gone (%i looks)', async (lingers) => {
  const own = instance(lingers)
  await stopOwnInstance(own, new AbortController().signal)
  expect(own.calls).toEqual(['abort'])
})

it('drops guaranteed restore points of the copy: their flashback logs are not on this host, and it would not open', async () => {
  const statements: string[] = []
  const answers: Readonly<Record<string, readonly object[]>> = {
    'v$database': [{ flashback: 'RESTORE POINT ONLY' }], 'v$restore_point': [{ name: 'BEFORE_RELEASE' }, { name: 'Odd name' }], 'v$block_change_tracking': [{ status: 'DISABLED', filename: null, bytes: null }],
  }
  const sql = {
    query: ({ name }: { readonly name: string }) => Promise.resolve(answers[name] ?? []),
    execute: (texts: readonly string[]) => { statements.push(...texts); return Promise.resolve([]) },
  }
  const run = { oracle: { sql }, manifest: { database: { release: '19.0.0.0.0' } }, scratch, deps: { logger: { info: () => undefined } } }
  await detachFromSource.run(run as unknown as RecoveryRun, { signal: new AbortController().signal } as Parameters<typeof detachFromSource.run>[1])
  expect(statements).toEqual(['drop restore point "BEFORE_RELEASE"', 'drop restore point "Odd name"', 'alter database flashback off'])
})
