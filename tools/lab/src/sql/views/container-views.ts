import type { Container, Instance } from '../../engine/instance-api.ts'
import { defineView } from './view.ts'

const sizeOf = (instance: Instance, conId: number): bigint => [...instance.controlFile.datafiles].filter((file) => file.conId === conId).reduce((sum, file) => sum + BigInt(file.blocks) * BigInt(file.blockSize), 0n)

const shown = (instance: Instance, container: Container) => ({
  CON_ID: container.conId, DBID: container.dbid, CON_UID: container.conUid, GUID: container.guid, NAME: container.name, OPEN_MODE: container.openMode, RESTRICTED: container.openMode === 'MOUNTED' ? null : 'NO',
  OPEN_TIME: container.openTime, CREATE_SCN: container.createScn, TOTAL_SIZE: sizeOf(instance, container.conId), BLOCK_SIZE: 8192, RECOVERY_STATUS: 'ENABLED', LOCAL_UNDO: instance.controlFile.datafiles.some((file) => file.conId === container.conId && file.tablespace.startsWith('UNDO')) ? 1 : 0,
})

const columns = 'CON_ID:n DBID:n CON_UID:n GUID:v32 NAME:v128 OPEN_MODE:v10 RESTRICTED:v3 OPEN_TIME:t CREATE_SCN:n TOTAL_SIZE:n BLOCK_SIZE:n RECOVERY_STATUS:v8 LOCAL_UNDO:n@12.2'

defineView('V$PDBS', 'mounted', columns, ({ instance }) => instance.containers.filter((c) => c.conId > 1).map((c) => shown(instance, c)), '12.1')
defineView('V$CONTAINERS', 'mounted', columns, ({ instance }) => instance.containers.map((c) => shown(instance, c)), '12.1')
defineView('DBA_PDBS', 'open', 'PDB_ID:n PDB_NAME:v128 DBID:n CON_UID:n GUID:v32 STATUS:v10 CREATION_SCN:n CON_ID:n', ({ instance }) =>
  instance.containers.filter((c) => c.conId > 1).map((c) => ({ PDB_ID: c.conId, PDB_NAME: c.name, DBID: c.dbid, CON_UID: c.conUid, GUID: c.guid, STATUS: 'NORMAL', CREATION_SCN: c.createScn, CON_ID: c.conId })), '12.1')
defineView('DBA_PDB_SAVED_STATES', 'open', 'CON_ID:n CON_NAME:v128 INSTANCE_NAME:v128 CON_UID:n GUID:v32 STATE:v14 RESTRICTED:v3', ({ instance }) =>
  instance.containers.filter((c) => c.savedState !== null).map((c) => ({ CON_ID: c.conId, CON_NAME: c.name, INSTANCE_NAME: instance.sid, CON_UID: c.conUid, GUID: c.guid, STATE: c.savedState === 'READ WRITE' ? 'OPEN' : 'OPEN READ ONLY', RESTRICTED: 'NO' })), '12.1')
