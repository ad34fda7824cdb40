export type { ConfigOrigin, ConfigWarning, DatabaseConfig, IcbConfig, LedgerConfig, RestoreTestConfig, RetentionConfig, SecretReference, StorageConfig } from './model.ts'
