import type { Instance } from '../../engine/instance-api.ts'
import { defineView } from './view.ts'

/** Datafiles of the container that the session is in. */
const datafilesOf = (instance: Instance): Instance['controlFile']['datafiles'] => instance.controlFile.datafiles.filter((file) => (file.conId ?? 0) === instance.container)

defineView('DUAL', 'started', 'DUMMY:v1', () => [{ DUMMY: 'X' }])

defineView('DBA_DATA_FILES', 'open', 'FILE_NAME:v513 FILE_ID:n TABLESPACE_NAME:v30 BYTES:n BLOCKS:n STATUS:v9 RELATIVE_FNO:n AUTOEXTENSIBLE:v3 MAXBYTES:n MAXBLOCKS:n INCREMENT_BY:n USER_BYTES:n USER_BLOCKS:n ONLINE_STATUS:v7', ({ instance }) =>
  datafilesOf(instance).map((file) => ({
    FILE_NAME: file.name,
    FILE_ID: file.file,
    TABLESPACE_NAME: file.tablespace,
    BYTES: BigInt(file.blocks) * BigInt(file.blockSize),
    BLOCKS: file.blocks,
    STATUS: 'AVAILABLE',
    RELATIVE_FNO: file.file,
    AUTOEXTENSIBLE: file.autoextend === undefined ? 'NO' : 'YES',
    MAXBYTES: BigInt(file.autoextend?.max ?? 0) * BigInt(file.blockSize),
    MAXBLOCKS: file.autoextend?.max ?? 0,
    INCREMENT_BY: file.autoextend?.next ?? 0,
    USER_BYTES: BigInt(file.blocks - 1) * BigInt(file.blockSize),
    USER_BLOCKS: file.blocks - 1,
    ONLINE_STATUS: file.status,
  })),
)

defineView('DBA_TEMP_FILES', 'open', 'FILE_NAME:v513 FILE_ID:n TABLESPACE_NAME:v30 BYTES:n BLOCKS:n STATUS:v7 RELATIVE_FNO:n AUTOEXTENSIBLE:v3 MAXBYTES:n MAXBLOCKS:n INCREMENT_BY:n', ({ instance }) =>
  instance.controlFile.tempfiles.filter((file) => (file.conId ?? 0) === instance.container).map((file) => ({ FILE_NAME: file.name, FILE_ID: file.file, TABLESPACE_NAME: file.tablespace, BYTES: BigInt(file.blocks) * 8192n, BLOCKS: file.blocks, STATUS: 'ONLINE', RELATIVE_FNO: file.file, AUTOEXTENSIBLE: 'NO', MAXBYTES: 0, MAXBLOCKS: 0, INCREMENT_BY: 0 })),
)

defineView('DBA_TABLESPACES', 'open', 'TABLESPACE_NAME:v30 BLOCK_SIZE:n STATUS:v9 CONTENTS:v21 LOGGING:v9 FORCE_LOGGING:v3 EXTENT_MANAGEMENT:v10 SEGMENT_SPACE_MANAGEMENT:v6 BIGFILE:v3 ENCRYPTED:v3', ({ instance }) => {
  const names = [...new Set(datafilesOf(instance).map((file) => file.tablespace))]
  const temporary = [...new Set(instance.controlFile.tempfiles.filter((file) => (file.conId ?? 0) === instance.container).map((file) => file.tablespace))]
  return [
    ...names.map((name) => {
      const files = datafilesOf(instance).filter((file) => file.tablespace === name)
      return {
        TABLESPACE_NAME: name,
        BLOCK_SIZE: files[0]?.blockSize ?? 8192,
        STATUS: files.every((file) => file.enabled === 'READ ONLY') ? 'READ ONLY' : 'ONLINE',
        CONTENTS: name.startsWith('UNDO') ? 'UNDO' : 'PERMANENT',
        LOGGING: 'LOGGING',
        FORCE_LOGGING: 'NO',
        EXTENT_MANAGEMENT: 'LOCAL',
        SEGMENT_SPACE_MANAGEMENT: 'MANUAL',
        BIGFILE: 'NO',
        ENCRYPTED: files.some((file) => file.encryption !== undefined) ? 'YES' : 'NO',
      }
    }),
    ...temporary.map((name) => ({ TABLESPACE_NAME: name, BLOCK_SIZE: 8192, STATUS: 'ONLINE', CONTENTS: 'TEMPORARY', LOGGING: 'NOLOGGING', FORCE_LOGGING: 'NO', EXTENT_MANAGEMENT: 'LOCAL', SEGMENT_SPACE_MANAGEMENT: 'MANUAL', BIGFILE: 'NO', ENCRYPTED: 'NO' })),
  ]
})

