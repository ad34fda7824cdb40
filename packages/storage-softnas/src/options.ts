import { tlsOptionsShape } from '@icb/storage-core/http'
import { z } from 'zod'

const text = z.string().min(1)

/** Options of the adapter. `serveraddress` and `pool` are those of the original's section `[softnas]`. */
export interface SoftnasOptions {
  /** Host name or address of StorageCenter, with `:port` where it is not 443. */
  readonly serveraddress: string
  readonly pool: string
  /** References to secrets, or literals. */
  readonly credentials: { readonly user: unknown; readonly password: unknown }
  /** Volume of the backup area. Default: the database's name. */
  readonly volume?: string | undefined
  /** Host name or address that hosts mount from. Default: the host of `serveraddress`. */
  readonly mounthost?: string | undefined
  /** PEM file of the authority that signed the server's certificate. */
  readonly ca?: string | undefined
  readonly fingerprint?: string | undefined
  readonly serverName?: string | undefined
  readonly insecure?: boolean | undefined
  /** NFS options that are shown to whoever mounts. */
  readonly mountOptions?: string | undefined
  /** Longest wait for one answer. Default 300. */
  readonly timeoutSeconds?: number | undefined
}

export const softnasOptions: z.ZodType<SoftnasOptions> = z.strictObject({
  serveraddress: text.regex(/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d+)?$/, 'expected a host name or address, without https:// and path'),
  pool: text.regex(/^[^/@,\s]+$/, 'expected the name of a pool'),
  credentials: z.strictObject({ user: z.unknown(), password: z.unknown() }),
  volume: text.regex(/^[^/@,\s]+$/, 'expected the name of a volume').optional(),
  mounthost: text.optional(),
  ca: text.optional(),
  ...tlsOptionsShape,
  mountOptions: text.optional(),
  timeoutSeconds: z.coerce.number().positive().optional(),
})
