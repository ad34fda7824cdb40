import { IcbError } from '@icb/runtime'
import { expect, it } from 'vitest'
import { exitCodeOf, worstExitCode } from './exit-codes.ts'

it.each([
  ['ICB_CONFIG_UNKNOWN_KEY', 2],
  ['ICB_USAGE_ARGUMENT', 2],
  ['ICB_STORAGE_OPTIONS', 2],
  ['ICB_AUTORESTORE_NO_CLONES', 2],
  ['ICB_AUTORESTORE_REFUSED_ROOT', 3],
  ['ICB_BACKUP_REFUSED_AREA', 3],
  ['ICB_LEASE_HELD', 4],
  ['ICB_MIGRATE_ORIGINAL_BUSY', 4],
  ['ICB_MIGRATE_REFUSED_RETENTION', 3],
  ['ICB_BACKUP_SESSION_RUNNING', 4],
  ['ICB_RMAN_FAILED', 1],
  ['ICB_STORAGE_UNREACHABLE', 1],
])('[H17] %s ends with %i', (code, expected) => {
  expect(exitCodeOf(new IcbError({ code, message: 'x', remedy: 'fix' }))).toBe(expected)
})

it('an error nobody expected ends with 1', () => {
  expect(exitCodeOf(new TypeError('x'))).toBe(1)
})

it('over many databases the worst counts', () => {
  expect(worstExitCode([])).toBe(0)
  expect(worstExitCode([0, 5, 0])).toBe(5)
  expect(worstExitCode([5, 4])).toBe(4)
  expect(worstExitCode([4, 3, 5])).toBe(3)
  expect(worstExitCode([3, 1, 4])).toBe(1)
})
