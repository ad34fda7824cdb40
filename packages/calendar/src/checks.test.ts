import { expect, it } from 'vitest'
import { checks } from './index.ts'

it('tells a calendar that says something else than it seems to, and one that says nothing', async () => {
  const signal = new AbortController().signal
  const results = await Promise.all(checks({ calendars: { good: 'FREQ=DAILY;BYHOUR=3;BYMINUTE=0;BYSECOND=0', odd: 'FREQ=HOURLY;BYHOUR=21', bad: 'FREQ=SOMETIMES' } }).map((check) => check.run({ signal })))
  expect(results.map(({ status }) => status)).toEqual(['ok', 'warning', 'failed'])
  expect(results[1]?.summary).toContain('once a day, not every hour')
  expect(results[2]?.advice).toBeTruthy()
})
