import { expect, it } from 'vitest'
import { forEachDatabase } from './over-many.ts'

it('[H36] one that fails, in its very first moment or later, does not keep the others from their turn', async () => {
  const done: string[] = []
  const outcomes = await forEachDatabase(['a', 'b', 'c', 'd'], { concurrency: 1, signal: new AbortController().signal }, async (database) => {
    if (database === 'a') throw new Error('at once')
    await Promise.resolve()
    if (database === 'c') throw new Error('later')
    done.push(database)
    return database.toUpperCase()
  })
  expect(done).toEqual(['b', 'd'])
  expect(outcomes.map((outcome) => (outcome.ok ? outcome.value : (outcome.error as Error).message))).toEqual(['at once', 'B', 'later', 'D'])
})
