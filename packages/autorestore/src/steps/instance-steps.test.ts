import { systemClock } from '@icb/runtime'
import { expect, it } from 'vitest'
import { stopOwnInstance } from './instance-steps.ts'
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
