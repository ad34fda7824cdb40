import { defineView } from './view.ts'

defineView('DUAL', 'started', 'DUMMY:v1', () => [{ DUMMY: 'X' }])

defineView('DBA_DATA_FILES', 'open', 'FILE_NAME:v513 FILE_ID:n TABLESPACE_NAME:v30 BYTES:n BLOCKS:n STATUS:v9 RELATIVE_FNO:n AUTOEXTENSIBLE:v3 MAXBYTES:n MAXBLOCKS:n INCREMENT_BY:n USER_BYTES:n USER_BLOCKS:n ONLINE_STATUS:v7', ({ instance }) =>
  instance.controlFile.datafiles.map((file) => ({
    FILE_NAME: file.name,
    FILE_ID: file.file,
    TABLESPACE_NAME: file.tablespace,
    BYTES: BigInt(file.blocks) * BigInt(file.blockSize),
    BLOCKS: file.blocks,
    STATUS: 'AVAILABLE',
    RELATIVE_FNO: file.file,
    AUTOEXTENSIBLE: 'NO',
    MAXBYTES: 0,
    MAXBLOCKS: 0,
    INCREMENT_BY: 0,
    USER_BYTES: BigInt(file.blocks - 1) * BigInt(file.blockSize),
    USER_BLOCKS: file.blocks - 1,
    ONLINE_STATUS: file.status,
  })),
)

defineView('DBA_TEMP_FILES', 'open', 'FILE_NAME:v513 FILE_ID:n TABLESPACE_NAME:v30 BYTES:n BLOCKS:n STATUS:v7', ({ instance }) =>
  instance.controlFile.tempfiles.map((file) => ({ FILE_NAME: file.name, FILE_ID: file.file, TABLESPACE_NAME: file.tablespace, BYTES: BigInt(file.blocks) * 8192n, BLOCKS: file.blocks, STATUS: 'ONLINE' })),
)

defineView('DBA_TABLESPACES', 'open', 'TABLESPACE_NAME:v30 BLOCK_SIZE:n STATUS:v9 CONTENTS:v21 LOGGING:v9 FORCE_LOGGING:v3 EXTENT_MANAGEMENT:v10 SEGMENT_SPACE_MANAGEMENT:v6 BIGFILE:v3', ({ instance }) => {
  const names = [...new Set(instance.controlFile.datafiles.map((file) => file.tablespace))]
  const temporary = [...new Set(instance.controlFile.tempfiles.map((file) => file.tablespace))]
  return [
    ...names.map((name) => {
      const files = instance.controlFile.datafiles.filter((file) => file.tablespace === name)
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
      }
    }),
    ...temporary.map((name) => ({ TABLESPACE_NAME: name, BLOCK_SIZE: 8192, STATUS: 'ONLINE', CONTENTS: 'TEMPORARY', LOGGING: 'NOLOGGING', FORCE_LOGGING: 'NO', EXTENT_MANAGEMENT: 'LOCAL', SEGMENT_SPACE_MANAGEMENT: 'MANUAL', BIGFILE: 'NO' })),
  ]
})

for (const name of ['DBA_TABLES', 'ALL_TABLES']) {
  defineView(name, 'open', 'OWNER:v128 TABLE_NAME:v128 TABLESPACE_NAME:v30 STATUS:v8 LOGGING:v3 NUM_ROWS:n', ({ instance }) =>
    instance.tables().map((table) => ({ OWNER: table.owner, TABLE_NAME: table.name, TABLESPACE_NAME: table.tablespace, STATUS: 'VALID', LOGGING: 'YES' })),
  )
}
defineView('USER_TABLES', 'open', 'TABLE_NAME:v128 TABLESPACE_NAME:v30 STATUS:v8 LOGGING:v3 NUM_ROWS:n', ({ instance, session }) =>
  instance
    .tables()
    .filter((table) => table.owner === session.username.toUpperCase())
    .map((table) => ({ TABLE_NAME: table.name, TABLESPACE_NAME: table.tablespace, STATUS: 'VALID', LOGGING: 'YES' })),
)
for (const [name, owned] of [
  ['DBA_TAB_COLUMNS', true],
  ['ALL_TAB_COLUMNS', true],
  ['USER_TAB_COLUMNS', false],
] as const) {
  defineView(name, 'open', `${owned ? 'OWNER:v128 ' : ''}TABLE_NAME:v128 COLUMN_NAME:v128 DATA_TYPE:v128 COLUMN_ID:n`, ({ instance, session }) =>
    instance
      .tables()
      .filter((table) => owned || table.owner === session.username.toUpperCase())
      .flatMap((table) => table.columns.map((column, index) => ({ ...(owned ? { OWNER: table.owner } : {}), TABLE_NAME: table.name, COLUMN_NAME: column.name, DATA_TYPE: column.type, COLUMN_ID: index + 1 }))),
  )
}
defineView('DBA_USERS', 'open', 'USERNAME:v128 USER_ID:n ACCOUNT_STATUS:v32 DEFAULT_TABLESPACE:v30 TEMPORARY_TABLESPACE:v30 CREATED:d PROFILE:v128', ({ instance }) =>
  [...new Set(['SYS', 'SYSTEM', ...instance.tables().map((table) => table.owner)])].map((name, index) => ({ USERNAME: name, USER_ID: index, ACCOUNT_STATUS: 'OPEN', DEFAULT_TABLESPACE: index < 2 ? 'SYSTEM' : 'USERS', TEMPORARY_TABLESPACE: 'TEMP', CREATED: instance.controlFile.created, PROFILE: 'DEFAULT' })),
)
