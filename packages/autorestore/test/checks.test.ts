import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checks, parseFstab } from '../src/index.ts'
import type { HostView, RestoreTestSettings } from '../src/index.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'icb-fstab-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const good = 'rw,fg,soft,nointr,rsize=32768,wsize=32768,tcp,vers=3,timeo=600,noauto,user'
const statusWith = async (options: string, source = 'filer:/export/autorestore', mountPoint = directory): Promise<readonly [string, string]> => {
  const settings = { scratch: '/scratch', areaPath: '/area', mount: 'fstab', mountPoint: directory, cloneName: 'autorestore', slots: ['ICB01'] } as unknown as RestoreTestSettings
  const check = checks({ settings, host: {} as HostView, fstab: `# comment\n/dev/sda1 / ext4 defaults 0 1\n${source} ${mountPoint} nfs ${options} 0 0\n` }).find(({ id }) => id === 'sandbox.fstab.icb01')
  const result = await check?.run({ signal: new AbortController().signal })
  return [result?.status ?? 'no check', `${result?.summary ?? ''} ${result?.advice ?? ''}`]
}

it('reads fstab with blanks in names', () => {
  expect(parseFstab('filer:/a\\040b /mnt/a\\040b/ nfs noauto,user 0 0\n\n  # x y z\n')).toEqual([{ source: 'filer:/a b', mountPoint: '/mnt/a b', options: ['noauto', 'user'] }])
})

it.each<[string, readonly [string, string?, string?], string, string]>([
  ['as the documentation has it', [good], 'ok', 'autorestore'],
  ['not to be mounted by a user', [good.replace(',noauto,user', '')], 'failed', 'lacks noauto and user'],
  ['of another clone', [good, 'filer:/export/other'], 'failed', 'not the clone autorestore'],
  ['missing', [good, 'filer:/export/autorestore', '/elsewhere'], 'failed', 'Add one like'],
  ['read only', [good.replace('rw', 'ro')], 'failed', 'read only'],
  ['in the background', [good.replace('fg', 'bg')], 'warning', 'background'],
])('the line of the restore mount: %s', async (_, args, status, text) => {
  expect(await statusWith(...args)).toEqual([status, expect.stringContaining(text)])
})
