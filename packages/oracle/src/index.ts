export type { BindValue, ColumnSpec, ColumnType, ColumnValue, InstanceControl, RowOf, SqlOptions, SqlSession, StartupOptions, TypedQuery } from './sql-session.ts'
export { oracleErrorCatalogue, oracleErrors } from './errors.ts'
export type { ReadOptions } from './dictionary/read-options.ts'
export { isAtLeast } from './dictionary/release.ts'
export {
  databaseClockQuery,
  identityQuery,
  incarnationsQuery,
  instanceQuery,
  pdbsQuery,
  readDatabaseClock,
  readEdition,
  readIdentity,
  readIncarnations,
  readInstance,
  readPdbs,
  readTimezoneFileVersion,
  timezoneFileQuery,
  versionBannersQuery,
} from './dictionary/identity.ts'
export type { DatabaseClockRow, IdentityRow, IncarnationRow, InstanceRow, PdbRow, VersionBannerRow } from './dictionary/identity.ts'
export { onlineLogsQuery, readOnlineLogs, readThreads, threadsQuery } from './dictionary/threads.ts'
export type { OnlineLogRow, ThreadRow } from './dictionary/threads.ts'
export { blockCorruptionQuery, datafileHeadersQuery, datafilesQuery, nonloggedBlocksQuery, readBlockCorruption, readDatafileHeaders, readDatafiles } from './dictionary/datafiles.ts'
export type { BlockCorruptionRow, DatafileHeaderRow, DatafileRow } from './dictionary/datafiles.ts'
export {
  datafileCopiesByTagQuery,
  datafileCopiesQuery,
  droppedFileCopiesQuery,
  filesWithoutCopyQuery,
  readDatafileCopies,
  readDroppedFileCopies,
  readFilesWithoutCopy,
} from './dictionary/datafile-copies.ts'
export type { DatafileCopyRow, UncoveredFileRow } from './dictionary/datafile-copies.ts'
export { archivedLogsQuery, logHistoryQuery, missingLogsQuery, readArchivedLogs, readLogHistory, readMissingLogs } from './dictionary/archived-logs.ts'
export type { ArchivedLogFilter, ArchivedLogRow, LogHistoryRow, MissingLogRow } from './dictionary/archived-logs.ts'
export { archiveDestinationsOfAllInstancesQuery, archiveDestinationsQuery, readArchiveDestinations } from './dictionary/archive-destinations.ts'
export type { ArchiveDestinationRow } from './dictionary/archive-destinations.ts'
export { parametersQuery, readParameters, readServerParameters, serverParametersQuery } from './dictionary/parameters.ts'
export type { ParameterRow, ServerParameterRow } from './dictionary/parameters.ts'
export {
  changeTrackingQuery,
  controlFilesQuery,
  dnfsServersQuery,
  flashbackLogsQuery,
  guaranteedRestorePointsQuery,
  logfilesQuery,
  readChangeTracking,
  readControlFiles,
  readDnfsServers,
  readFlashbackLogs,
  readGuaranteedRestorePoints,
  readLogfiles,
  readRecoveryArea,
  readTempfiles,
  recoveryAreaQuery,
  tempfilesQuery,
} from './dictionary/database-files.ts'
export { diskGroupOf, diskGroupsQuery, isAsmSystemName, readDiskGroups } from './dictionary/disk-groups.ts'
export type { DiskGroupRow } from './dictionary/disk-groups.ts'
export type { ChangeTrackingRow, DnfsServerRow, LogfileRow, RecoveryAreaRow, TempfileRow } from './dictionary/database-files.ts'
export {
  backupPiecesQuery,
  commandIdOf,
  incrementsQuery,
  predictIncrementBytes,
  readBackupPieces,
  readIncrements,
  readRmanConfiguration,
  readRmanClients,
  readRmanSessions,
  rmanConfigurationQuery,
  rmanClientsQuery,
  rmanSessionsQuery,
} from './dictionary/rman-repository.ts'
export type { BackupPieceRow, IncrementRow, RmanClientRow, RmanConfigurationRow, RmanSessionRow } from './dictionary/rman-repository.ts'
export { longOperationsQuery, progressOf, readLongOperations } from './dictionary/long-operations.ts'
export type { LongOperationRow } from './dictionary/long-operations.ts'
export { createSqlPlusSession } from './sqlplus-session.ts'
export type { SqlPlusSessionOptions } from './sqlplus-session.ts'
export { createOracledbSession } from './oracledb-session.ts'
export type { OracledbSessionOptions } from './oracledb-session.ts'
export { findOracledb } from './oracledb-module.ts'
export { withFallback } from './fallback-session.ts'
export { chooseDriver } from './driver-choice.ts'
export type { DriverChoice, DriverSituation, DriverWish } from './driver-choice.ts'
export type { SqlPlusTarget } from './sqlplus-run.ts'
export { parsePatches, parseServices, readHomeEnvironment, serviceCommands } from './home-environment.ts'
export type { HomeEnvironment, HomeEnvironmentOptions, HomePatch, ManagedService } from './home-environment.ts'
export { createInstanceControl } from './instance-control.ts'
export type { InstanceControlOptions } from './instance-control.ts'
export { oracleEnvironment } from './environment.ts'
export type { OracleEnvironmentOptions } from './environment.ts'
export { quoteIdentifier, quoteSqlString, sqlLiteral, sqlString, substituteBinds } from './sql-literals.ts'
export { renderTypedQuery } from './typed-rows.ts'
export {
  alterSystemReset,
  alterSystemSet,
  archiveLogCurrent,
  disableChangeTracking,
  dropRestorePoint,
  enableChangeTracking,
  flashbackOff,
  killSession,
  openAllPluggableReadOnly,
  openReadOnly,
  renameFile,
} from './statements.ts'
export type { ParameterScope } from './statements.ts'
export { checks } from './checks.ts'
export type { OracleCheckDeps } from './checks.ts'
export { nameChecks, tnsNames, walletDirectory } from './name-checks.ts'
export type { NameCheckDependencies } from './name-checks.ts'
