import { tlsOptionsShape } from '@icb/storage-core/http'
import { z } from 'zod'

const text = z.string().min(1)
const list = z.union([z.array(text), text.transform((value) => value.split(/[,\n]/u).map((part) => part.trim()).filter((part) => part !== ''))])
const truth = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')])

/** Options of the adapter. The names in lower case are those of the original's section `[netapp]`. */
export interface OntapOptions {
  /** Management address of the cluster or SVM: a host, `host:port` or `https://host:port`. */
  readonly filer: string
  /** Host name or address that hosts mount from. Default: the SVM's first NFS data interface that is up, else the filer. */
  readonly mounthost?: string | undefined
  /** The volume is named `<volumeprefix><database>`. */
  readonly volumeprefix?: string | undefined
  /** PEM file of the authority that signed the filer's certificate. */
  readonly cacert?: string | undefined
  /** References to secrets, or literals. */
  readonly credentials?: { readonly user: unknown; readonly password: unknown } | undefined
  /** Suffixes of the area's further volumes. */
  readonly additionalvolumesuffixes?: readonly string[] | undefined
  /** Login with a client certificate instead of `credentials`: PEM files. */
  readonly clientCert?: string | undefined
  readonly clientKey?: string | undefined
  readonly fingerprint?: string | undefined
  readonly serverName?: string | undefined
  readonly insecure?: boolean | undefined
  /** Default: the SVM in which the volume is found. */
  readonly svm?: string | undefined
  /** The volume's full name, instead of prefix and database. */
  readonly volume?: string | undefined
  /** Of new volumes and of clones. Default: `default` for volumes, the parent's for clones. */
  readonly exportPolicy?: string | undefined
  /** NFS options that are shown to whoever mounts. */
  readonly mountOptions?: string | undefined
  /** The consistency group of an area of several volumes. Default `<volume>_cg`; one that has exactly these volumes is used whatever its name. */
  readonly consistencyGroup?: string | undefined
  /** Pins become expiry times of snapshots; `tamperproof`: locks of SnapLock, which nobody can take back. Default false: pins are kept in the area. */
  readonly holds?: boolean | 'tamperproof' | undefined
  /** Longest wait for one job of the filer. Default 600. */
  readonly jobTimeoutSeconds?: number | undefined
  /** Longest wait for one answer. Default 90. */
  readonly requestTimeoutSeconds?: number | undefined
  /** For creating volumes. */
  readonly aggregate?: string | undefined
  readonly owner?: string | undefined
  readonly permissions?: string | undefined
}

export const ontapOptions: z.ZodType<OntapOptions> = z.strictObject({
  filer: text,
  mounthost: text.optional(),
  volumeprefix: z.string().optional(),
  cacert: text.optional(),
  credentials: z.strictObject({ user: z.unknown(), password: z.unknown() }).optional(),
  additionalvolumesuffixes: list.optional(),
  clientCert: text.optional(),
  clientKey: text.optional(),
  ...tlsOptionsShape,
  svm: text.optional(),
  volume: text.optional(),
  exportPolicy: text.optional(),
  mountOptions: text.optional(),
  consistencyGroup: text.optional(),
  holds: z.union([truth, z.literal('tamperproof')]).optional(),
  jobTimeoutSeconds: z.coerce.number().positive().optional(),
  requestTimeoutSeconds: z.coerce.number().min(20).optional(),
  aggregate: text.optional(),
  owner: z
    .string()
    .regex(/^\d+:\d+$/, 'expected numbers: uid:gid')
    .optional(),
  permissions: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'expected octal digits such as 770')
    .optional(),
})
