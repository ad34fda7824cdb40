import type { Manifest } from '../src/index.ts'

/** A complete manifest of a small database. */
export function sampleManifest(change: Partial<Manifest> = {}): Manifest {
  return {
    version: 1,
    tool: 'icb 0.1.0',
    runId: 'aabbccdd-k1',
    state: 'refreshed',
    areaId: '0b8b0d1e-1111-4222-8333-444455556666',
    database: { name: 'ORCL', uniqueName: 'orcl', dbid: '1456789012', resetlogsId: '901234567', resetlogsScn: 1n, release: '12.1.0.2.0', cdb: false, role: 'PRIMARY' },
    copies: [{ file: 1, tablespace: 'SYSTEM', path: 'data_D-ORCL_I-1_TS-SYSTEM_FNO-1_01', bytes: 2n ** 60n, creationScn: 7n, checkpointScn: 18446744073709551615n, fuzzyScn: 0n, status: 'SYSTEM', enabled: 'READ WRITE' }],
    window: { redoFrom: 100n, minScn: 120n, minTime: '2026-03-29 01:00:00', lastScn: 200n, lastTime: '2026-03-29 12:00:00', utcOffset: '+02:00' },
    logs: [{ thread: 1, sequence: 4, resetlogsId: '901234567', firstScn: 90n, nextScn: 201n, firstTime: '2026-03-29 00:30:00', nextTime: '2026-03-29 12:00:01', path: 'archivelog/1_4_901234567.arc' }],
    controlFile: 'after_backup_controlfile.cf',
    parameters: { compatible: '12.1.0', undo_tablespace: 'UNDOTBS1', db_block_size: '8192' },
    sourcePaths: { datafiles: ['/u01/a.dbf'], logs: ['/u01/r.log'], tempfiles: [], controlFiles: ['/u01/c.ctl'], archiveDestinations: ['/backup/orcl/archivelog'], flashbackLogs: [] },
    refreshedAt: '2026-03-28T23:00:00.000Z',
    ...change,
  }
}
