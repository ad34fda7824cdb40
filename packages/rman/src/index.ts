export type { Rman, RmanEvent, RmanMessage, RmanResult, RmanRunOptions } from './rman-event.ts'
export { rmanErrorCatalogue, rmanErrors } from './errors.ts'
export { clearSettingsScript, configureScript, normaliseSetting, restoreConfigurationScript, settingsOf } from './script/configure.ts'
export type { ArchivelogDeletionPolicy, RmanSetting, RmanSettings } from './script/configure.ts'
export {
  copyArchivedLogsScript,
  copyTag,
  crosscheckArchivedLogsScript,
  deleteArchivedLogsScript,
  deleteDatafileCopiesScript,
  deleteIncrementsScript,
  deletePiecesScript,
  incrementTag,
  metadataBackupScript,
  refreshScript,
  registerDatabaseScript,
  resyncCatalogScript,
} from './script/refresh.ts'
export type { CopyLogsOptions, LogsOfThread, MetadataBackupOptions, RefreshOptions } from './script/refresh.ts'
export { reportScript, showAllScript, validateBackupScript } from './script/report.ts'
export {
  catalogScript,
  clearConfigurationScript,
  recoverScript,
  restoreControlfileScript,
  restoreMissingDatafilesScript,
  switchTempfilesScript,
  switchToCopyScript,
  uncatalogScript,
  validateDatabaseScript,
} from './script/restore.ts'
export type { RecoveryTarget } from './script/restore.ts'
