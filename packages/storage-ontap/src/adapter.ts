import { resolve } from 'node:path'
import { Secret } from '@icb/runtime'
import { defineStorageAdapter, storageErrors } from '@icb/storage-core'
import type { StorageAdapter } from '@icb/storage-core'
import { createHttpClient } from '@icb/storage-core/http'
import type { HttpClient } from '@icb/storage-core/http'
import { checks } from './checks.ts'
import { toVolumeName } from './names.ts'
import { createOntapClient } from './ontap-client.ts'
import { createOntapStorage } from './ontap-storage.ts'
import { ontapOptions } from './options.ts'
import type { OntapOptions } from './options.ts'

/** The adapter `ontap`: snapshots and FlexClones of volumes on NetApp ONTAP, release 9.6 or later. */
export const adapter: StorageAdapter<OntapOptions> = defineStorageAdapter<OntapOptions>({
  name: 'ontap',
  options: ontapOptions,
  checks,
  open: async (options, { database, baseDir, clock, logger, resolveSecret }) => {
    const address = addressOf(options.filer)
    const certificate = options.clientCert !== undefined
    if (certificate !== (options.clientKey !== undefined)) throw storageErrors.OPTIONS('"clientCert" and "clientKey" belong together')
    if (!certificate && options.credentials === undefined) throw storageErrors.OPTIONS('there is no login for the filer', { hint: 'Give "credentials" (user, password) or "clientCert" and "clientKey".' })
    const file = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(baseDir, path))

    const connect = async (): Promise<HttpClient> => {
      const { credentials } = options
      return createHttpClient({
        baseUrl: address.origin,
        name: `the filer ${address.hostname}`,
        logger,
        timeoutMs: (options.requestTimeoutSeconds ?? 90) * 1000,
        headers: { 'X-Dot-Client-App': 'icb' },
        tls: { caFile: file(options.cacert), fingerprint: options.fingerprint, serverName: options.serverName, insecure: options.insecure, certFile: file(options.clientCert), keyFile: file(options.clientKey) },
        ...(credentials === undefined || certificate
          ? {}
          : { basic: { user: await textOf(credentials.user, 'user of the filer', resolveSecret), password: await secretOf(credentials.password, 'password of the filer', resolveSecret) } }),
      })
    }
    const main = options.volume ?? toVolumeName(`${options.volumeprefix ?? ''}${database}`)
    return createOntapStorage({
      client: createOntapClient(whenNeeded(connect), { clock, jobTimeoutMs: (options.jobTimeoutSeconds ?? 600) * 1000 }),
      options,
      names: { volumes: [main, ...(options.additionalvolumesuffixes ?? []).map((suffix) => toVolumeName(main + suffix))], svm: options.svm },
      database,
      filerHost: address.hostname,
      clock,
      logger,
    })
  },
})

type ResolveSecret = (reference: unknown, label: string) => Promise<Secret>

/** A user name is no secret unless the configuration keeps it like one. */
async function textOf(reference: unknown, label: string, resolveSecret: ResolveSecret): Promise<string> {
  return typeof reference === 'string' ? reference : (await resolveSecret(reference, label)).reveal()
}

async function secretOf(reference: unknown, label: string, resolveSecret: ResolveSecret): Promise<Secret> {
  return reference instanceof Secret ? reference : resolveSecret(reference, label)
}

/** Passwords are asked for with the first request: opening a storage must not need them. */
function whenNeeded(connect: () => Promise<HttpClient>): HttpClient {
  let connected: Promise<HttpClient> | undefined
  let known: HttpClient | undefined
  return {
    request: async (request) => {
      connected ??= connect()
      known = await connected.catch((error: unknown) => {
        connected = undefined
        throw error
      })
      return known.request(request)
    },
    get sent() {
      return known?.sent ?? 0
    },
    close: () => {
      known?.close()
      connected = undefined
      known = undefined
    },
  }
}

function addressOf(filer: string): URL {
  const host = /^[0-9a-f]*:[0-9a-f:.]+$/i.test(filer) && filer.split(':').length > 2 ? `[${filer}]` : filer
  const url = URL.parse(/^https?:\/\//.test(host) ? host : `https://${host}`)
  if (url?.protocol === 'https:' && (url.pathname === '/' || url.pathname === '')) return url
  throw storageErrors.OPTIONS(`"${filer}" is no address of a filer`, { hint: 'Give a host, host:port, or https://host:port.' })
}
