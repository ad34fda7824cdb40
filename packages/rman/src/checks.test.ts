import { expect, it } from 'vitest'
import { checks } from './checks.ts'
import type { Rman, RmanResult } from './rman-event.ts'

const { signal } = new AbortController()
const base: RmanResult = { ok: true, exitCode: 0, timedOut: false, errors: [], warnings: [], durationMs: 1, tail: [], connected: { name: 'ORCL', dbid: '4711', state: 'open' } }
const rman = (result: Partial<RmanResult>): Rman => ({
  run: ({ onEvent }) => {
    onEvent?.({ type: 'banner', release: '19.0.0.0.0' })
    onEvent?.({ type: 'configuration', text: 'CONFIGURE BACKUP OPTIMIZATION ON;', state: 'current', isDefault: false })
    return Promise.resolve({ ...base, ...result })
  },
})
const ask = async (result: Partial<RmanResult>): Promise<unknown> => checks({ rman: rman(result), dbid: '4711' })[0]?.run({ signal })

it('tells release and settings, another database, and what RMAN says', async () => {
  expect(await ask({})).toEqual({ status: 'ok', summary: 'release 19.0.0.0.0, 1 settings', details: { settings: 1 } })
  expect(await ask({ connected: { name: 'CRM', dbid: '12', state: 'open' } })).toMatchObject({ status: 'failed', summary: 'RMAN is connected to CRM, DBID 12, not 4711' })
  await expect(ask({ ok: false, exitCode: 1, errors: [{ code: 'ORA-01017', text: 'invalid username/password; logon denied' }] })).rejects.toMatchObject({ code: 'ICB_RMAN_FAILED', message: expect.stringContaining('ORA-01017') as unknown })
})
