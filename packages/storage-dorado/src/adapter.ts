import { resolve } from 'node:path'
import { Secret } from '@icb/runtime'
import { defineStorageAdapter } from '@icb/storage-core'
import type { StorageAdapter } from '@icb/storage-core'
import { createHttpClient } from '@icb/storage-core/http'
import { checks } from './checks.ts'
import { createDoradoStorage } from './dorado-storage.ts'
import { doradoOptions } from './options.ts'
import type { DoradoOptions } from './options.ts'
import { createDoradoClient } from './rest-client.ts'

/** The adapter `huaweidorado`: snapshots and clones of file systems on Huawei OceanStor Dorado. */
export const adapter: StorageAdapter<DoradoOptions> = defineStorageAdapter<DoradoOptions>({
  name: 'huaweidorado',
  options: doradoOptions,
  checks,
  open: async (options, { database, baseDir, clock, logger, resolveSecret }) => {
    const address = new URL(options.url)
    const http = createHttpClient({
      baseUrl: address.origin, name: `the array ${address.hostname}`, logger, timeoutMs: (options.timeoutSeconds ?? 300) * 1000,
      tls: { caFile: options.ca === undefined ? undefined : resolve(baseDir, options.ca), fingerprint: options.fingerprint, serverName: options.serverName, insecure: options.insecure },
    })
    // The password is asked for with the first request: opening a storage must not need it.
    const { user, password } = options.credentials
    const who = async (): Promise<{ readonly user: string; readonly password: Secret; readonly scope: 0 | 1 }> => ({
      user: typeof user === 'string' ? user : (await resolveSecret(user, 'user of the array')).reveal(),
      password: password instanceof Secret ? password : await resolveSecret(password, 'password of the array'),
      scope: options.userScope === 'ldap' ? 1 : 0,
    })
    return createDoradoStorage({ client: createDoradoClient(http, who, logger), options, database, clock })
  },
})
