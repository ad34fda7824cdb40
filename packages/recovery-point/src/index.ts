export type { Manifest, ManifestCopy, ManifestDatabase, ManifestLog, ManifestSourcePaths, ManifestWindow, PointChoice, PointEntry, PointState, RecoveryPoint, RestoreTarget } from './manifest.ts'
