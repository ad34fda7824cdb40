import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isIcbError } from '@icb/runtime'
import type { Secret } from '@icb/runtime'
import { defineStorageAdapter, storageErrors } from '@icb/storage-core'
import type { AdapterContext, StorageAdapter } from '@icb/storage-core'
import { registerDiagnosis, zfssaChecks } from './checks.ts'
import { zfssaOptions } from './options.ts'
import type { ZfssaOptions } from './options.ts'
import { createRestClient } from './rest-client.ts'
import { createTlsAgent } from './tls-agent.ts'
import { createZfssaStorage } from './zfssa-storage.ts'

/** The adapter `zfssa`: the Oracle ZFS Storage Appliance over its REST API. */
export const adapter: StorageAdapter<ZfssaOptions> = defineStorageAdapter<ZfssaOptions>({
  name: 'zfssa',
  options: zfssaOptions,
  open: async (options, context) => {
    const { database, clock, logger, baseDir } = context
    // A name that is written out is no secret: it must not be blotted out of every message.
    const user = typeof options.credentials.user === 'string' ? options.credentials.user : (await secretOf(options.credentials.user, 'user of the ZFS Storage Appliance', context)).reveal()
    const password = await secretOf(options.credentials.password, 'password of the ZFS Storage Appliance', context)
    const ca = options.ca === undefined ? undefined : await readAuthority(resolve(baseDir, options.ca))
    if (options.insecure === true) logger.warn({ url: options.url }, 'the certificate of the ZFS Storage Appliance is not verified (insecure: true)')
    const agent = createTlsAgent({
      ca,
      fingerprint: options.fingerprint?.replaceAll(':', '').toUpperCase(),
      servername: options.servername,
      insecure: options.insecure === true,
      connectTimeoutMs: (options.connectTimeoutSeconds ?? 10) * 1000,
      concurrency: options.concurrency ?? 4,
    })
    const client = createRestClient({
      urls: [options.url, ...(options.peerUrl === undefined ? [] : [options.peerUrl])],
      agent, user, password, clock, logger,
      login: options.login ?? 'basic',
      apiVersion: options.apiVersion ?? 1,
      timeoutMs: (options.timeoutSeconds ?? 300) * 1000,
    })
    const { storage, calls, shares } = createZfssaStorage({ database, options, client, clock, logger })
    // Decorators hand the capabilities on as they are, so they lead from any of them to this storage.
    const opened = { ...storage, capabilities: { ...storage.capabilities } }
    registerDiagnosis(opened.capabilities, { database, options, client, calls, shares, clock })
    return opened
  },
  checks: zfssaChecks,
})

async function secretOf(reference: unknown, label: string, { resolveSecret }: AdapterContext): Promise<Secret> {
  try {
    // The errors of configuration become this package's.
    return await resolveSecret(reference, label)
  } catch (error) {
    if (isIcbError(error) && !error.code.startsWith('ICB_STORAGE_')) throw storageErrors.AUTH(`${label}: ${error.message}`, { ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error })
    throw error
  }
}

async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw storageErrors.OPTIONS(`cannot read the certificate file ${path}`, { hint: 'Save the certificate of the appliance there in PEM form.', cause })
  }
}
