import { z } from 'zod'

export interface ZfssaOptions {
  /** Management address, `https://host:215`. */
  readonly url: string
  /** Management address of the other cluster node. */
  readonly peerUrl?: string | undefined
  readonly pool: string
  readonly project: string
  /** File system of the backup area. Default: the database's name. */
  readonly share?: string | undefined
  /** Project of clones. Default: `project`. */
  readonly cloneProject?: string | undefined
  /** User: a text or a reference to a secret. Password: a reference. */
  readonly credentials: { readonly user: unknown; readonly password: unknown }
  /** `auto` asks the appliance whether it has 2. Default 1, which every release has. */
  readonly apiVersion?: 1 | 2 | 'auto' | undefined
  /** `basic`: user and password with each request; `token`: a session. Default basic. */
  readonly login?: 'basic' | 'token' | undefined
  /** PEM file with the appliance's certificate or its authority. Default: the system's authorities. */
  readonly ca?: string | undefined
  /** SHA-256 fingerprint of the appliance's certificate; goes before `ca`. */
  readonly fingerprint?: string | undefined
  /** Name in the certificate, where it is not the host of `url`. */
  readonly servername?: string | undefined
  /** Do not verify the certificate. Logged at every start. Default false. */
  readonly insecure?: boolean | undefined
  /** Host name in NFS mount sources. Default: the host of `url`. */
  readonly nfsHost?: string | undefined
  readonly mountOptions?: string | undefined
  /** Name of a custom property that marks clones as ours; it must exist on the appliance. */
  readonly markProperty?: string | undefined
  /** `sharenfs` of clones, where it is not inherited from the project. */
  readonly cloneShareNfs?: string | undefined
  /** Requests at once. Default 4. */
  readonly concurrency?: number | undefined
  /** Elements a page of a listing. Default 1000. */
  readonly pageSize?: number | undefined
  /** Longest wait for one answer. Default 300. */
  readonly timeoutSeconds?: number | undefined
  /** Longest wait for a connection. Default 10. */
  readonly connectTimeoutSeconds?: number | undefined
}

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/, 'expected a name: letters, digits and _ . : -, at most 64')
const address = z.url({ protocol: /^https$/, error: 'expected https://host:215' })

export const zfssaOptions: z.ZodType<ZfssaOptions> = z.strictObject({
  url: address,
  peerUrl: address.optional(),
  pool: name,
  project: name,
  share: name.optional(),
  cloneProject: name.optional(),
  credentials: z.strictObject({ user: z.unknown(), password: z.unknown() }),
  apiVersion: z.union([z.literal(1), z.literal(2), z.literal('auto'), z.literal('1').transform(() => 1 as const), z.literal('2').transform(() => 2 as const)]).optional(),
  login: z.enum(['basic', 'token']).optional(),
  ca: z.string().min(1).optional(),
  fingerprint: z.string().regex(/^(?:[0-9A-Fa-f]{2}:?){32}$/, 'expected the SHA-256 fingerprint: 32 pairs of hexadecimal digits').optional(),
  servername: z.string().min(1).optional(),
  insecure: z.union([z.boolean(), z.stringbool()]).optional(),
  nfsHost: z.string().min(1).optional(),
  mountOptions: z.string().min(1).optional(),
  markProperty: z.string().regex(/^[a-z][a-z0-9_]{0,30}$/, 'expected the name of a custom property').optional(),
  cloneShareNfs: z.string().min(1).optional(),
  concurrency: z.coerce.number().int().min(1).max(16).optional(),
  pageSize: z.coerce.number().int().min(2).max(100_000).optional(),
  timeoutSeconds: z.coerce.number().positive().optional(),
  connectTimeoutSeconds: z.coerce.number().positive().optional(),
})
