import { join } from 'node:path'
import { loadConfig } from '@icb/config'
import { validateAdapterOptions } from '@icb/storage-core'
import { referenceDirectory } from '@icb/testing'
import { describe, expect, it } from 'vitest'
import { adapter } from '../src/index.ts'
import { contextFor } from './bench.ts'

const reference = referenceDirectory()

describe.skipIf(reference === undefined)(`the original's configuration${reference === undefined ? ' (needs the reference data)' : ''}`, () => {
  it('is taken as it is: one share a database, credentials from their file', async () => {
    const config = await loadConfig(join(reference!, 'seed-config', 'backup.sample.cfg'), { env: {} })
    for (const [name, pool, project] of [
      ['cdb1', 'disk-pool1', 'db-backup1'],
      ['olddb', 'oldpool-0', 'databases-11g-backup'],
    ] as const) {
      const { storage } = config.databases.find((database) => database.name === name)!
      expect(storage.adapter).toBe('zfssa')
      const options = validateAdapterOptions(adapter, storage.options, storage.origins)
      expect(options).toMatchObject({ url: 'https://zfssa.example.com:215', pool, project, credentials: { user: { key: 'zfsuser' }, password: { key: 'zfspassword' } } })
      const asked: unknown[] = []
      const context = contextFor(name)
      const opened = await adapter.open(options, { ...context, resolveSecret: (reference, label) => (asked.push(reference), context.resolveSecret({ literal: 'zfs-login' }, label)) })
      expect(asked).toMatchObject([{ section: 'zfscredentials', key: 'zfsuser' }, { section: 'zfscredentials', key: 'zfspassword' }])
      await opened.close?.()
    }
  })
})
