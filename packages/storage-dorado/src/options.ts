import { tlsOptionsShape } from '@icb/storage-core/http'
import { z } from 'zod'

const text = z.string().min(1)
const list = z.union([z.array(text), text.transform((value) => value.split(/[,\n]/u).map((part) => part.trim()).filter((part) => part !== ''))])

/** Options of the adapter. The names in lower case are those of the original's section `[huaweidorado]`. */
export interface DoradoOptions {
  /** Management address, `https://host:8088`. */
  readonly url: string
  /** Name of the vStore. Default: the system's own objects. */
  readonly vstore?: string | undefined
  /** Host name or address that hosts mount from. Default: the host of `url`. */
  readonly mounthost?: string | undefined
  /** Host, address or network that may mount clones. */
  readonly restorenfsclient?: string | undefined
  /** References to secrets, or literals. */
  readonly credentials: { readonly user: unknown; readonly password: unknown }
  /** File system of the backup area. Default: the database's name. */
  readonly filesystem?: string | undefined
  /** Hosts, addresses or networks that may mount a new volume. Default: `restorenfsclient`. */
  readonly nfsClients?: readonly string[] | undefined
  /** Name of the storage pool of new volumes. */
  readonly pool?: string | undefined
  /** PEM file of the authority that signed the array's certificate. */
  readonly ca?: string | undefined
  readonly fingerprint?: string | undefined
  readonly serverName?: string | undefined
  readonly insecure?: boolean | undefined
  /** NFS options that are shown to whoever mounts. */
  readonly mountOptions?: string | undefined
  /** `local`, or `ldap` for users of a domain. Default local. */
  readonly userScope?: 'local' | 'ldap' | undefined
  /** Longest wait for one answer. Default 300. */
  readonly timeoutSeconds?: number | undefined
}

export const doradoOptions: z.ZodType<DoradoOptions> = z.strictObject({
  url: z.url({ protocol: /^https$/, error: 'expected https://host:8088' }),
  vstore: text.optional(),
  mounthost: text.optional(),
  restorenfsclient: text.optional(),
  credentials: z.strictObject({ user: z.unknown(), password: z.unknown() }),
  filesystem: text.optional(),
  nfsClients: list.optional(),
  pool: text.optional(),
  ca: text.optional(),
  ...tlsOptionsShape,
  mountOptions: text.optional(),
  userScope: z.enum(['local', 'ldap']).optional(),
  timeoutSeconds: z.coerce.number().positive().optional(),
})
