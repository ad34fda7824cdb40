import { expect, it } from 'vitest'
import { defineErrors } from './errors.ts'
import type { Check, CheckResult } from './check.ts'
import { runChecks } from './run-checks.ts'

const { signal } = new AbortController()
const check = (id: string, answer: () => CheckResult, needs?: readonly string[]): Check => ({ id, title: id, ...(needs === undefined ? {} : { needs }), run: () => Promise.resolve().then(answer) })
const ok = (): CheckResult => ({ status: 'ok', summary: 'fine' })
const failed = (): CheckResult => ({ status: 'failed', summary: 'no answer', advice: 'Start it.' })

it('one cause is one failure, also over several steps, and names itself', async () => {
  const asked: string[] = []
  const noted = (id: string) => (): CheckResult => { asked.push(id); return ok() }
  const found = await runChecks([check('space', noted('space'), ['identity']), check('identity', noted('identity'), ['connect']), check('connect', failed), check('clock', noted('clock'), ['elsewhere'])], { signal })
  expect(found.map(({ id, status, because }) => [id, status, because])).toEqual([['space', 'skipped', 'connect'], ['identity', 'skipped', 'connect'], ['connect', 'failed', undefined], ['clock', 'ok', undefined]])
  expect(found[0]).toMatchObject({ summary: 'not checked because of connect', advice: 'Settle connect first.' })
  expect(asked).toEqual(['clock'])
})

it('goes on where what is needed is fine, warns, or cannot be told for a reason of its own', async () => {
  for (const status of ['ok', 'warning', 'skipped'] as const) expect((await runChecks([check('a', () => ({ status, summary: 's', advice: 'a' })), check('b', ok, ['a'])], { signal }))[1]?.status).toBe('ok')
})

it('takes an error for a failure, with its way out', async () => {
  const { errors } = defineErrors('PROBE', { AWAY: { remedy: 'wait', summary: 'It is away.' } })
  const [first, second] = await runChecks([check('a', () => { throw errors.AWAY('it is away', { hint: 'Wait.' }) }), check('b', () => { throw new Error('odd') })], { signal })
  expect(first).toEqual({ id: 'a', title: 'a', status: 'failed', summary: 'it is away', advice: 'Wait.', remedy: 'wait' })
  expect(second).toMatchObject({ status: 'failed', summary: 'odd' })
})

it('tells a circle', async () => {
  await expect((async () => runChecks([check('a', ok, ['b']), check('b', ok, ['a'])], { signal }))()).rejects.toThrow('needs itself')
})
