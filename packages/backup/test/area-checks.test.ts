import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import { ManualClock } from '@icb/runtime/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { areaChecks, judgeNfsMount, servedByDirectNfs } from '../src/index.ts'

describe('the mount of the area', () => {
  const nfs = (options: string, type = 'nfs'): Parameters<typeof judgeNfsMount>[0] => ({ type, source: 'filer:/export/orcl', options: options.split(',') })
  const usual = 'vers=3,proto=tcp,rsize=1048576,wsize=1048576,timeo=600'

  it.each<[string, string, boolean | undefined, CheckResult['status'], RegExp]>([
    ['soft with Direct NFS', `rw,soft,${usual}`, true, 'ok', /hangs nothing/],
    ['soft without Direct NFS', `rw,soft,${usual}`, false, 'failed', /ORA-27054/],
    ['soft, and nobody knows', `rw,soft,${usual}`, undefined, 'ok', /Direct NFS only/],
    ['hard with Direct NFS', `rw,hard,${usual}`, true, 'warning', /can hang archiving/],
    ['hard without Direct NFS', `rw,hard,${usual}`, false, 'warning', /can hang archiving/],
    ['read only', `ro,soft,${usual}`, true, 'failed', /read only/],
    ['small transfers', 'rw,soft,proto=tcp,rsize=8192,wsize=8192', true, 'failed', /rsize is 8192/],
    ['UDP', 'rw,soft,proto=udp,rsize=32768,wsize=32768', true, 'failed', /UDP/],
  ])('%s', (_, options, direct, status, text) => {
    const found = judgeNfsMount(nfs(options), direct)
    expect([found.status, found.summary]).toEqual([status, expect.stringMatching(text) as unknown])
    if (status !== 'ok') expect(found.advice).toBeTruthy()
  })

  it('what to do differs with what is there', () => {
    expect(judgeNfsMount(nfs(`rw,hard,${usual}`), true).advice).not.toContain('dnfs_on')
    expect(judgeNfsMount(nfs(`rw,hard,${usual}`), false).advice).toContain('dnfs_on')
    expect(judgeNfsMount({ type: 'xfs', source: '/dev/sda', options: ['rw'] }, undefined).status).toBe('ok')
  })

  it('is served by Direct NFS where its export, or one above it, is listed', () => {
    const rows = [{ server: 'filer', directory: '/export/orcl' }]
    expect(['/export/orcl', '/export/orcl/data', '/export/orcl2'].map((path) => servedByDirectNfs(rows, { path }))).toEqual([true, true, false])
  })
})

describe('questions about the area', () => {
  let areaPath: string
  beforeEach(async () => {
    areaPath = await mkdtemp(join(tmpdir(), 'icb-area-'))
  })
  afterEach(() => rm(areaPath, { recursive: true, force: true }))
  const ask = async (id: string, more: Partial<Parameters<typeof areaChecks>[0]> = {}): Promise<CheckResult> => {
    const check = areaChecks({ areaPath, clock: systemClock, ...more }).find((one: Check) => one.id === id)
    return check === undefined ? { status: 'failed', summary: `no check ${id}` } : check.run({ signal: new AbortController().signal })
  }

  it('reads the options of the mount that holds it, also those of its file system', async () => {
    const mountTable = `21 1 8:1 / / rw - ext4 /dev/sda1 rw\n36 21 0:42 / ${areaPath} rw,relatime - nfs filer:/export/orcl rw,vers=3,rsize=8192,wsize=8192,hard,proto=tcp`
    expect(await ask('backup.nfs-options', { mountTable })).toMatchObject({ status: 'failed', summary: expect.stringContaining('rsize is 8192') as unknown })
    expect(await ask('backup.direct-nfs', { mountTable })).toMatchObject({ status: 'skipped' })
    expect(await ask('backup.direct-nfs', { mountTable: '21 1 8:1 / / rw - ext4 /dev/sda1 rw' })).toMatchObject({ status: 'ok' })
  })

  it('warns of a snapshot directory that is listed', async () => {
    expect(await ask('backup.snapshot-directory')).toMatchObject({ status: 'ok', summary: 'no snapshot directory is visible' })
    await mkdir(join(areaPath, '.snapshot'))
    expect(await ask('backup.snapshot-directory')).toMatchObject({ status: 'warning', advice: expect.stringContaining('snapdir') as unknown })
  })

  it("compares the storage's clock with the host's, and leaves nothing", async () => {
    expect(await ask('backup.storage-clock')).toMatchObject({ status: 'skipped' })
    await mkdir(join(areaPath, '.icb'))
    expect(await ask('backup.storage-clock')).toMatchObject({ status: 'ok' })
    const late = new ManualClock(new Date(Date.now() - 600_000).toISOString())
    expect(await ask('backup.storage-clock', { clock: late })).toMatchObject({ status: 'warning', summary: expect.stringMatching(/(?:600|601|602) s ahead of/) as unknown })
    expect(await readdir(join(areaPath, '.icb'))).toEqual([])
  })
})
