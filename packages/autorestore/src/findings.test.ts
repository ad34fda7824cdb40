import { storageErrors } from '@icb/storage-core'
import type { RmanResult } from '@icb/rman'
import { expect, it } from 'vitest'
import { autorestoreErrors } from './errors.ts'
import { finding, mergeReasons, outcomeOf, reasonOfError, reasonOfResult, rmanFinding } from './findings.ts'

const failed = (...errors: [string, string][]): RmanResult => ({ ok: false, exitCode: 1, timedOut: false, errors: errors.map(([code, text]) => ({ code, text })), warnings: [], durationMs: 1, tail: ['last line'] })

it.each([
  ['ARCHIVED_LOG_MISSING', [['RMAN-03002', 'failure of recover command'], ['RMAN-06054', 'media recovery requesting unknown archived log for thread 1 with sequence 7 and starting SCN of 100']]],
  ['DBID_MISMATCH', [['RMAN-03002', 'failure of sql statement command'], ['ORA-01103', 'database name X in control file is not ORCL']]],
  ['BLOCK_CORRUPT', [['ORA-01578', 'ORACLE data block corrupted'], ['ORA-01110', 'data file 4']]],
  ['RECOVERY_FAILED', [['RMAN-03002', 'failure'], ['ORA-00600', 'internal error']]],
] as const)('RMAN codes give %s', (reason, errors) => {
  expect(rmanFinding(failed(...errors.map(([code, text]): [string, string] => [code, text])), 'recovery', 'RECOVERY_FAILED').details).toMatchObject({ reason })
})

it('a timeout says nothing about the recovery point', () => {
  expect(rmanFinding({ ...failed(), timedOut: true }, 'recovery', 'RECOVERY_FAILED').details).toMatchObject({ reason: 'SANDBOX_FAILED' })
})

it.each([
  ['was killed before it said anything', { ...failed(), exitCode: null }],
  ['ended without an error message', { ...failed(), exitCode: 1 }],
  ['lost the instance', failed(['RMAN-03002', 'failure of recover command'], ['ORA-03113', 'end-of-file on communication channel'])],
  ['found no instance', failed(['RMAN-04005', 'error from target database'], ['ORA-01034', 'ORACLE not available'], ['ORA-27101', 'shared memory realm does not exist'])],
  ['has no buffers for a block size', failed(['RMAN-03002', 'failure of recover command'], ['ORA-00283', 'recovery session canceled due to errors'], ['ORA-00379', 'no free buffers available in buffer pool DEFAULT for block size 16K'])],
  ['has a keystore from before the last master key', failed(['RMAN-03002', 'failure of recover command'], ['ORA-28362', 'master key not found'])],
] as const)('an RMAN that %s says nothing about the recovery point', (_, result) => {
  expect(rmanFinding(result, 'recovery', 'RECOVERY_FAILED').details).toMatchObject({ reason: 'SANDBOX_FAILED' })
})

it('guards and the storage make a verdict inconclusive, content makes it failed', () => {
  const guard = reasonOfError(autorestoreErrors.REFUSED_PATH('/u01 is here', { hint: 'go away' }), 'guard-host', false)
  const storage = reasonOfError(storageErrors.UNREACHABLE('no answer'), 'create-clone', false)
  const content = reasonOfError(finding('COPY_MISSING', 'file 4'), 'catalog-clone', false)
  expect([guard.code, storage.code, content.code]).toEqual(['GUARD_REFUSED', 'STORAGE_FAILED', 'COPY_MISSING'])
  expect(outcomeOf([guard])).toBe('inconclusive')
  expect(outcomeOf([storage])).toBe('inconclusive')
  expect(outcomeOf([content, storage])).toBe('failed')
  expect(outcomeOf([])).toBe('passed')
})

it('[H10] an error nobody expected is never a pass', () => {
  const reason = reasonOfError(new TypeError('x is undefined'), 'verify', false)
  expect(reason).toEqual({ code: 'INTERNAL', text: 'x is undefined' })
  expect(outcomeOf([reason])).toBe('inconclusive')
  expect(reasonOfError(new Error('stopped'), 'recover', true).code).toBe('CANCELED')
})

it('a failed clean-up is told as what it is', () => {
  const reason = reasonOfResult({ compensationErrors: [{ step: 'create-clone', error: new Error('the clone is busy') }] }, false)
  expect(reason).toEqual({ code: 'SANDBOX_FAILED', text: 'the clean-up of create-clone failed: the clone is busy' })
  expect(outcomeOf([reason])).toBe('inconclusive')
})

it('one reason a code, with everything it said', () => {
  expect(mergeReasons([{ code: 'BLOCK_CORRUPT', text: 'a' }, { code: 'BLOCK_CORRUPT', text: 'b', messages: ['m'] }, { code: 'OPEN_FAILED', text: 'c' }])).toEqual([
    { code: 'BLOCK_CORRUPT', text: 'a', messages: ['b', 'm'] },
    { code: 'OPEN_FAILED', text: 'c' },
  ])
})
