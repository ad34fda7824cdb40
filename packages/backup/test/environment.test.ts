import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HomeEnvironment } from '@icb/oracle'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeStand } from './stand.ts'
import type { Stand } from './stand.ts'

let stand: Stand
beforeEach(async () => {
  stand = await makeStand()
})
afterEach(() => stand.remove())

const environment: HomeEnvironment = { oracleHome: '/u01/home', patches: [{ id: '37260974', description: 'RU' }], database: {}, services: [], problems: [] }

it('[M:environment] lies in the area, so in every snapshot, and is asked once a day', async () => {
  let asked = 0
  const ask = { environment: () => Promise.resolve({ ...environment, patches: [{ id: String(++asked), description: 'RU' }] }) }
  const recorded = async (): Promise<unknown> => (JSON.parse(await readFile(join(stand.areaPath, 'environment.json'), 'utf8')) as { patches: { id: string }[] }).patches[0]?.id
  for (let run = 0; run < 2; run++) expect((await stand.backup({}, ask)).outcome).toBe('done')
  expect([asked, await recorded()]).toEqual([1, '1'])
  stand.clock.offset += 2 * 86_400_000
  expect((await stand.backup({}, ask)).outcome).toBe('done')
  expect([asked, await recorded()]).toEqual([2, '2'])
})

it('[H31] that cannot be had spoils no run and says so in its summary only', async () => {
  const result = await stand.backup({}, { environment: () => Promise.reject(new Error('opatch is not there')) })
  expect([result.outcome, result.warnings]).toEqual(['done', []])
  expect(result.steps.find(({ name }) => name === 'environment')?.summary).toBe('not recorded')
  expect(result.steps.at(-1)?.name).toBe('housekeeping')
})
