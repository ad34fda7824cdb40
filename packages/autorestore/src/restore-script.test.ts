import type { Manifest } from '@icb/recovery-point'
import { expect, it } from 'vitest'
import { diskGroupsOf, parameterFile, restoreScript } from './restore-script.ts'

const manifest: Manifest = {
  version: 1, tool: 'icb 0', runId: 'r', state: 'refreshed', areaId: 'a', controlFile: 'after.cf', logs: [], refreshedAt: '2026-01-01T00:00:00Z',
  database: { name: 'ORCL', uniqueName: 'orcl', dbid: '42', resetlogsId: '1', resetlogsScn: 1n, release: '19.0.0.0.0', cdb: false, role: 'PRIMARY' },
  copies: [], window: { redoFrom: 1n, minScn: 2n, lastScn: null, utcOffset: '+00:00' },
  parameters: { control_files: '+DATA/ORCL/CONTROLFILE/current.261.1250510276, +RECO/ORCL/CONTROLFILE/current.256.1250510276, +DATA/orcl/control03.ctl, /u02/control04.ctl', db_create_file_dest: '+DATA', db_recovery_file_dest: '+RECO', spfile: '+DATA/ORCL/PARAMETERFILE/spfile.265.1250510276' },
  sourcePaths: { datafiles: ['+DATA/ORCL/DATAFILE/system.257.1250510276', '/u02/users01.dbf'], logs: ['+FAST/ORCL/ONLINELOG/group_1.257.1250510276'], tempfiles: [], controlFiles: [], archiveDestinations: [], flashbackLogs: [], recoveryDestination: '+RECO' },
}
const controlFiles = (text: string): string => text.split('\n').find((line) => line.startsWith('*.control_files=')) ?? ''

it('makes control files under aliases where ASM had named them: under such a name no file can be made', () => {
  expect(controlFiles(parameterFile(manifest))).toBe("*.control_files='+DATA/orcl_control01.ctl','+RECO/orcl_control02.ctl','+DATA/orcl/control03.ctl','/u02/control04.ctl'")
})

it('gives every control file in a disk group a fresh alias for who must not overwrite one', () => {
  expect(controlFiles(parameterFile(manifest, { jobs: false, fresh: 'x1' }))).toBe("*.control_files='+DATA/orcl_x1_control01.ctl','+RECO/orcl_x1_control02.ctl','+DATA/orcl_x1_control03.ctl','/u02/control04.ctl'")
})

it('asks for every disk group before it restores anything, and says where the server parameter file was', () => {
  expect(diskGroupsOf(manifest)).toEqual(['DATA', 'FAST', 'RECO'])
  const script = restoreScript({ manifest, from: '/backup', oracleHome: '/u01/home', sid: 'orcl', parallel: 2, tool: 'icb 0' })
  for (const group of ['DATA', 'FAST', 'RECO']) expect(script.indexOf(`stop 'disk group ${group} is not mounted'`)).toBeLessThan(script.indexOf('RESTORE CONTROLFILE'))
  expect(script).toContain("create spfile='+DATA' from pfile=")
  expect(script).not.toContain("'+DATA/ORCL/DATAFILE'")
})
