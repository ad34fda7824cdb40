import type { RetentionPolicy } from '@icb/retention'

/** What this package needs to know of one database; `fleet` fills it from the configuration. */
export interface BackupSettings {
  /** DB_UNIQUE_NAME as configured; compared without regard to case. */
  readonly name: string
  /** Decimal. */
  readonly dbid: string
  /** Where the backup area is mounted; the same path on the database's hosts. */
  readonly areaPath: string
  /** Default `image_copy_backup`. */
  readonly tag?: string
  /** Tag of the level 1 pieces, so that only they are deleted after the merge. Default `image_copy_incr`. */
  readonly incrementalTag?: string
  /** RMAN disk channels; reduced to 1 where the edition is not Enterprise. */
  readonly parallel: number
  /** `32G` */
  readonly sectionSize?: string
  /** Days of archived logs kept in the area. */
  readonly recoveryWindowDays: number
  readonly hasDataGuard: boolean
  readonly role: 'primary' | 'standby' | 'any'
  readonly snapshots: boolean
  readonly retention: RetentionPolicy
  /** Whether restore tests of this database run at all: proof rules of retention apply only then. */
  readonly restoreTests: boolean
  /** Where RMAN's snapshot control file lies: local on a single instance, shared on RAC. Absent: inside the area. */
  readonly snapshotControlfile?: string
  /** Hours between two runs by this database's calendar; two of them without a snapshot mean overdue. Default 24. */
  readonly expectedIntervalHours?: number
  /** Deadline of one refresh. Default 24 h. */
  readonly refreshDeadlineMs?: number
  /** How long to wait for a switched log to land. Default 300 s. */
  readonly landingDeadlineMs?: number
  /** How long to wait for RMAN work of an earlier run to end. Default 10 min. */
  readonly sessionDeadlineMs?: number
  /** Deadline of every other RMAN call. Default 1 h. */
  readonly rmanDeadlineMs?: number
  /** Days that finished journals and copied logs are kept. Default 20. */
  readonly logRetentionDays?: number
  /** Free share of the volume below which retention does not freeze. Default 0.1. */
  readonly spaceLowShare?: number
}

/** {@link BackupSettings} with every default filled in. */
export type CompleteSettings = Omit<Required<BackupSettings>, 'sectionSize' | 'snapshotControlfile'> & Pick<BackupSettings, 'sectionSize'> & { readonly snapshotControlfile: string }

const minute = 60_000

/** Fills in the defaults. */
export function completeSettings(settings: BackupSettings): CompleteSettings {
  return {
    tag: 'image_copy_backup',
    incrementalTag: 'image_copy_incr',
    snapshotControlfile: `${settings.areaPath}/snapcf_${settings.name}.f`,
    expectedIntervalHours: 24,
    refreshDeadlineMs: 24 * 60 * minute,
    landingDeadlineMs: 5 * minute,
    sessionDeadlineMs: 10 * minute,
    rmanDeadlineMs: 60 * minute,
    logRetentionDays: 20,
    spaceLowShare: 0.1,
    ...settings,
  }
}
