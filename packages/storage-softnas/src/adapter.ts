import { resolve } from 'node:path'
import { Secret } from '@icb/runtime'
import { defineStorageAdapter } from '@icb/storage-core'
import type { StorageAdapter } from '@icb/storage-core'
import { createHttpClient } from '@icb/storage-core/http'
import { checks } from './checks.ts'
import { softnasOptions } from './options.ts'
import type { SoftnasOptions } from './options.ts'
import { createSoftnasClient } from './rest-client.ts'
import { createSnapshotNames } from './snapshot-names.ts'
import { createSoftnasStorage } from './softnas-storage.ts'

/** The adapter `softnas`: snapshots of volumes on SoftNAS. It makes no clones. */
export const adapter: StorageAdapter<SoftnasOptions> = defineStorageAdapter<SoftnasOptions>({
  name: 'softnas',
  options: softnasOptions,
  checks,
  open: async (options, { database, areaPath, baseDir, clock, logger, resolveSecret }) => {
    const http = createHttpClient({
      baseUrl: `https://${options.serveraddress}`, name: `the SoftNAS server ${options.serveraddress}`, logger, timeoutMs: (options.timeoutSeconds ?? 300) * 1000,
      tls: { caFile: options.ca === undefined ? undefined : resolve(baseDir, options.ca), fingerprint: options.fingerprint, serverName: options.serverName, insecure: options.insecure },
    })
    // The password is asked for with the first request: opening a storage must not need it.
    const { user, password } = options.credentials
    const who = async (): Promise<{ readonly user: string; readonly password: Secret }> => ({
      user: typeof user === 'string' ? user : (await resolveSecret(user, 'user of SoftNAS')).reveal(),
      password: password instanceof Secret ? password : await resolveSecret(password, 'password of SoftNAS'),
    })
    const names = createSnapshotNames(areaPath, `${options.pool}/${options.volume ?? database}`, logger)
    return createSoftnasStorage({ client: createSoftnasClient(http, who, logger), names, options, database, clock, logger })
  },
})
