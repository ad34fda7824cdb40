import { describe, expect, it } from 'vitest'
import { OraError } from '../../engine/ora-error.ts'
import type { DuplicatePlan } from '../duplicate-plan.ts'
import type { DuplicateCommand } from '../grammar/ast.ts'
import { type AuxiliaryParameters, duplicateNames } from './duplicate-names.ts'

const plan: DuplicatePlan = {
  databaseName: 'ORCL', untilScn: '100', controlFiles: ['/backup/c1'], datafiles: [{ file: 1, name: '/u01/prod/system.dbf' }, { file: 2, name: '/u02/prod/users.dbf' }], tempfiles: [{ file: 1, name: '/u01/prod/temp.tmp', tablespace: 'TEMP', blocks: 128 }],
  logGroups: [{ group: 1, members: ['/u01/prod/1.log', '/u02/prod/1.log'], bytes: '1024' }], archivelog: true, forceLogging: false, newnames: { database: null, datafiles: [], tempfiles: [] }, parallelism: 1, repository: '',
}
const command: DuplicateCommand = { kind: 'duplicate', name: 'dup', until: null, noFilenameCheck: false, convert: [], logGroups: null }
const none: AuxiliaryParameters = { db_create_file_dest: '', db_create_online_log_dest_1: '', db_file_name_convert: '', log_file_name_convert: '' }
const name = (text: string) => ({ kind: 'name', name: text })
const fresh = { kind: 'new' }

describe('the names of a duplicate', () => {
  it('come from SET NEWNAME, then the command, then the parameters, then DB_CREATE_FILE_DEST', () => {
    const newnames = { ...plan.newnames, datafiles: [[1, { kind: 'name', name: '/set/system.dbf' }] as const] }
    const parameters = { ...none, db_file_name_convert: '/u02/prod/, /parameter/, /u01/prod/, /parameter/', db_create_file_dest: '/managed' }
    const names = duplicateNames({ ...plan, newnames }, { ...command, convert: [['/u02/', '/command/']] }, parameters)
    expect([...names.datafiles]).toEqual([[1, name('/set/system.dbf')], [2, name('/command/prod/users.dbf')]])
    expect([...names.tempfiles]).toEqual([[1, name('/parameter/temp.tmp')]])
    expect(names.logGroups).toEqual([{ group: 1, members: [], bytes: '1024' }])
    const managed = duplicateNames(plan, command, { ...none, db_create_file_dest: '/managed' })
    expect([...managed.datafiles.values(), ...managed.tempfiles.values()]).toEqual([fresh, fresh, fresh])
  })

  it('of the logs are those of LOGFILE, or converted when each member is', () => {
    const parameters = { ...none, db_create_file_dest: '/managed', log_file_name_convert: "/u01/, /a/, /u02/, /b/" }
    expect(duplicateNames(plan, command, parameters).logGroups[0]?.members).toEqual(['/a/prod/1.log', '/b/prod/1.log'])
    expect(duplicateNames(plan, command, { ...parameters, log_file_name_convert: '/u01/, /a/' }).logGroups[0]?.members).toEqual([])
    expect(duplicateNames(plan, { ...command, logGroups: [{ group: 7, members: ['/x.log'], bytes: '512' }] }, parameters).logGroups).toEqual([{ group: 7, members: ['/x.log'], bytes: '512' }])
  })

  it('are not those of the target unless NOFILENAMECHECK says so', () => {
    const refused = (): unknown => { try { return duplicateNames(plan, command, none) } catch (error) { return error instanceof OraError ? error.messages.map((m) => `${m.code} ${m.text}`) : error } }
    expect(refused()).toEqual(['/u01/prod/system.dbf', '/u02/prod/users.dbf', '/u01/prod/temp.tmp', '/u01/prod/1.log', '/u02/prod/1.log'].map((file) => `RMAN-05001 auxiliary file name ${file} conflicts with a file used by the target database`))
    expect(duplicateNames(plan, { ...command, noFilenameCheck: true }, none).datafiles.get(2)).toEqual(name('/u02/prod/users.dbf'))
  })
})
