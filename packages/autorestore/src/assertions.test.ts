import { expect, it } from 'vitest'
import { judgeAssertion } from './assertions.ts'

const judge = (expectation: string, ...values: readonly (string | null)[]): string | undefined => judgeAssertion({ name: 'orders', expect: expectation, sql: 'select 1 from dual' }, values.map((value) => ({ value })))

it.each([
  ['= 5', '5'], ['= 5', '5.0'], ['!= 5', '6'], ['>= 1000', '12345678901234567890'], ['< 10', '9.5'], ['<= -1', '-1'],
  ['> 2026-01-01 00:00:00', '2026-02-01 10:00:00'], ['= OPEN', 'OPEN'], ['rows', null],
])('%s holds for %s', (expectation, value) => {
  expect(judge(expectation, value)).toBeUndefined()
})

it('needs no row where none is expected', () => {
  expect(judge('no rows')).toBeUndefined()
})

it.each([
  ['= 5', ['6'], 'expected = 5, found 6'],
  ['>= 9007199254740993', ['9007199254740992'], 'expected >= 9007199254740993, found 9007199254740992'],
  ['= 5', [], 'found no rows'],
  ['= 5', [null], 'found null'],
  ['rows', [], 'expected rows, found none'],
  ['no rows', ['ORA-1'], 'expected no rows, found ORA-1'],
  ['about 5', ['5'], '"about 5" is no expectation'],
])('%s fails for %j and says so', (expectation, values, text) => {
  expect(judge(expectation, ...values)).toContain(text)
})
