import { z } from 'zod'

/** `auto`: btrfs where the area is a subvolume, else reflinks where the file system has them, else plain copies. */
export type LocalMode = 'auto' | 'btrfs' | 'reflink' | 'copy'

export interface LocalOptions {
  /** The volume. Default: the database's backup area. */
  readonly directory?: string | undefined
  /** Where snapshots and clones are kept; outside the volume, on the same file system. Default `<parent of the volume>/.icb-snapshots/<database>`. */
  readonly snapshotDirectory?: string | undefined
  readonly mode?: LocalMode | undefined
  /** How long to wait for a file that is being written, in seconds. Default 60. */
  readonly settleSeconds?: number | undefined
}

export const localOptions: z.ZodType<LocalOptions> = z.strictObject({
  directory: z.string().min(1).optional(),
  snapshotDirectory: z.string().min(1).optional(),
  mode: z.enum(['auto', 'btrfs', 'reflink', 'copy']).optional(),
  settleSeconds: z.coerce.number().nonnegative().optional(),
})
