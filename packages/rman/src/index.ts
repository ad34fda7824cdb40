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
  forgetDatafileCopiesScript,
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
export { createRman } from './rman.ts'
export type { RmanOptions } from './rman.ts'
export { createRmanParser } from './rman-parser.ts'
export type { RmanParser } from './rman-parser.ts'
export { assertRmanOk } from './rman-result.ts'
export { classifyMessage, explainMessage, messageCatalogue, missingLogOf, policyOf, rootCause } from './message-catalogue.ts'
export type { MessageEntry, MessagePolicy, MessageSeverity, MissingLog } from './message-catalogue.ts'
export { checks } from './checks.ts'
export type { RmanCheckDependencies } from './checks.ts'
