import { z } from 'zod'
import { datasetPattern } from './names.ts'

export interface OpenZfsOptions {
  /** The backup area's dataset, `pool/path`; several for an area of several volumes (all in one pool). */
  readonly dataset: string | readonly string[]
  /** Dataset below which clones are made, in the same pool. Default: the parent of each dataset. */
  readonly cloneParent?: string | undefined
  /** Directory below which clones are mounted, each under its name. Default: as ZFS inherits it from the parent. */
  readonly cloneMountRoot?: string | undefined
  /** The ZFS server. Absent: this host. */
  readonly host?: string | undefined
  readonly user?: string | undefined
  readonly port?: number | undefined
  readonly identityFile?: string | undefined
  readonly knownHostsFile?: string | undefined
  /** Further `-o` options of ssh, `Name=value`. */
  readonly sshOptions?: readonly string[] | undefined
  /** Program that is `ssh`. Default `ssh`. */
  readonly ssh?: string | undefined
  /** Program that is `zfs` there. Default: looked up in the usual system directories. */
  readonly zfs?: string | undefined
  /** Run zfs with `sudo -n`. Default false: the user has delegated rights (`zfs allow`) or is root. */
  readonly sudo?: boolean | undefined
  /** Host name in NFS mount sources. Default: `host`; absent too: the paths are local. */
  readonly nfsHost?: string | undefined
  readonly mountOptions?: string | undefined
  /** Longest run of one command. Default 300. */
  readonly timeoutSeconds?: number | undefined
}

const dataset = z.string().regex(datasetPattern, 'expected a dataset such as tank/backup/orcl: letters, digits and _ . : - in each part')
const program = z.string().min(1).refine((value) => !value.startsWith('-'), 'must not begin with -')
const boolean = z.union([z.boolean(), z.stringbool()])

export const openZfsOptions: z.ZodType<OpenZfsOptions> = z.strictObject({
  dataset: z.union([dataset, z.array(dataset).min(1)]),
  cloneParent: dataset.optional(),
  cloneMountRoot: z.string().regex(/^\/[^\0\n]*$/, 'expected an absolute path').optional(),
  host: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:_-]*$/, 'expected a host name').optional(),
  user: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'expected a user name').optional(),
  port: z.coerce.number().int().min(1).max(65_535).optional(),
  identityFile: z.string().min(1).optional(),
  knownHostsFile: z.string().min(1).optional(),
  sshOptions: z.array(z.string().regex(/^[A-Za-z]+=.+$/, 'expected Name=value')).optional(),
  ssh: program.optional(),
  zfs: program.optional(),
  sudo: boolean.optional(),
  nfsHost: z.string().min(1).optional(),
  mountOptions: z.string().min(1).optional(),
  timeoutSeconds: z.coerce.number().positive().optional(),
})
