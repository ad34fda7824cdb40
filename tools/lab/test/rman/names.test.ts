import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultName, expandFormat, uniqueSuffix } from '../../src/rman/server/names.ts'
import { evaluateDate } from '../../src/rman/server/dates.ts'
import type { Work } from '../../src/rman/server/work.ts'
import { fakeInstance } from './fake-instance.ts'
import type { FakeInstance } from './fake-instance.ts'

let directory: string
let db: FakeInstance
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'lab-rman-'))
  db = await fakeInstance({ directory })
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const parts = { setCount: 203, setStamp: 927410019, piece: 1 }

describe('FORMAT', () => {
  it('makes the eight characters of %u of set number and stamp', () => {
    expect(uniqueSuffix(203, 927410019)).toBe('6brke9r3')
    expect(uniqueSuffix(1, 1)).toBe('01000001')
  })

  it('names each kind of file by %U in its own way', () => {
    expect(expandFormat(db, '/b/%U', parts)).toBe('/b/6brke9r3_1_1')
    expect(expandFormat(db, '/b/%U', { ...parts, datafile: { file: 4, tablespace: 'USERS' } })).toBe('/b/data_D-ORCL_I-1433672784_TS-USERS_FNO-4_6brke9r3')
    expect(expandFormat(db, '/b/%U', { ...parts, archivedLog: { thread: 1, sequence: 90, resetlogsId: 905892048 } })).toBe('/b/arch_D-ORCL_id-1433672784_S-90_T-1_A-905892048_6brke9r3')
    expect(expandFormat(db, '/b/%U', { ...parts, controlfileCopy: true })).toBe('/b/cf_D-ORCL_id-1433672784_6brke9r3')
  })

  it('expands the single variables and leaves others alone', () => {
    expect(expandFormat(db, '/b/%d_%I_%s_%p_%t_%T_%%_%q', parts)).toBe('/b/ORCL_1433672784_203_1_927410019_20161108_%_%q')
  })

  it('puts relative names below ORACLE_HOME/dbs and unplaced files into the recovery area', () => {
    expect(expandFormat(db, '%U', parts)).toBe(path.join(directory, 'hosts/prod/home/dbs/6brke9r3_1_1'))
    db.parameters.set('db_recovery_file_dest', { value: '/u01/fra', isDefault: false, inSpfile: true })
    expect(defaultName(db, 'piece', 'nnnd1', parts)).toBe('/u01/fra/ORCL/backupset/2016_11_08/o1_mf_nnnd1_6brke9r3_.bkp')
    expect(defaultName(db, 'copy', 'USERS', parts)).toBe('/u01/fra/ORCL/datafile/o1_mf_users_6brke9r3_.dbf')
  })
})

describe('date expressions', () => {
  const now = Date.UTC(2016, 10, 8, 20, 53, 37)
  const work = (): Work => ({ instance: { ...db, host: { ...db.host, now: () => now } }, environment: { dateFormat: 'yyyy-mm-dd hh24:mi:ss', commandId: null } }) as unknown as Work

  it.each([
    ['sysdate', now],
    ['sysdate-2', now - 2 * 86_400_000],
    ['SYSDATE - 3/24', now - 3 * 3_600_000],
    ['sysdate + 1/24/60', now + 60_000],
    ["to_date('2016-11-08 21:00:00', 'yyyy-mm-dd hh24:mi:ss')", Date.UTC(2016, 10, 8, 20)],
    ["TO_DATE('08.07.2016','DD.MM.YYYY')", Date.UTC(2016, 6, 7, 22)],
    ['2016-11-08 21:00:00', Date.UTC(2016, 10, 8, 20)],
  ])('%s', (expression, expected) => {
    expect(evaluateDate(work(), expression)).toBe(expected)
  })

  it('refuses what does not match the format', () => {
    expect(() => evaluateDate(work(), 'yesterday')).toThrow('ORA-018')
  })
})
