import { expect, it } from 'vitest'
import { isProtectedParameter, renderInitParameters } from './init-parameters.ts'
import type { RestoreTestSettings } from './settings.ts'

const settings: RestoreTestSettings = {
  database: 'orcl', dbid: '1', areaPath: '/backup/orcl', scratch: '/restore/scratch', point: 'latest', heartbeat: false, assertions: [], slots: ['ICB01'], mount: 'path', minSnapshotAgeHours: 0, toleranceMinutes: 5, validateChance: 0, validateModulus: 30, validationKey: 'orcl',
  sgaSize: '2G', pgaSize: '1G', instanceNumber: 1, thread: 1, initParameters: {}, acceptedCorruption: [], deadlineMs: 1000,
}
const render = (initParameters: Record<string, string> = {}, recorded: Record<string, string> = { compatible: '12.1.0.2.0', db_block_size: '8192' }): readonly string[] =>
  renderInitParameters({ settings: { ...settings, initParameters }, sid: 'ICB01', scratch: '/restore/scratch/run-1-a', createFilesIn: '/clones/c1', databaseName: 'orcl', recorded }).trimEnd().split('\n')

it('keeps the instance away from production', () => {
  const lines = render()
  for (const line of [
    "*.db_name='orcl'", "*.db_unique_name='icb_icb01'", "*.control_files='/restore/scratch/run-1-a/control.cf'", "*.db_create_file_dest='/clones/c1'", "*.log_archive_dest_1='LOCATION=/restore/scratch/run-1-a'",
    '*.job_queue_processes=0', "*.remote_login_passwordfile='NONE'", '*.open_links=0', "*.local_listener='(ADDRESS=(PROTOCOL=IPC)(KEY=icb_icb01))'", '*._system_trig_enabled=FALSE', '*.sga_target=2G', "*.compatible='12.1.0.2.0'", '*.db_block_size=8192',
  ]) expect(lines).toContain(line)
  expect(new Set(lines.map((line) => line.split('=')[0])).size).toBe(lines.length)
})

it('tells the instance where its keystore is', () => {
  const lines = renderInitParameters({ settings: { ...settings, tde: { walletRoot: '/etc/icb/keystores' } }, sid: 'ICB01', scratch: '/s', createFilesIn: '/c', databaseName: 'orcl', recorded: {} }).split('\n')
  expect(lines).toEqual(expect.arrayContaining(["*.wallet_root='/etc/icb/keystores'", "*.tde_configuration='KEYSTORE_CONFIGURATION=FILE'"]))
})

it('takes extra parameters, quoted', () => {
  expect(render({ nls_territory: "D'OR", db_16k_cache_size: '64M' })).toEqual(expect.arrayContaining(["*.nls_territory='D''OR'", '*.db_16k_cache_size=64M']))
})

it.each(['control_files', 'CONTROL_FILES', 'log_archive_dest_3', 'job_queue_processes', 'local_listener', 'db_recovery_file_dest', 'spfile', 'ifile'])('refuses the extra parameter %s', (name) => {
  expect(isProtectedParameter(name)).toBe(true)
  expect(() => render({ [name]: 'x' })).toThrow(expect.objectContaining({ code: 'ICB_AUTORESTORE_REFUSED_PARAMETER' }))
})

it.each([['a b', '1'], ['x', '1\n*.ifile=/etc/passwd'], ['', '1']])('refuses the malformed extra parameter %j=%j', (name, value) => {
  expect(() => render({ [name]: value })).toThrow(expect.objectContaining({ code: 'ICB_AUTORESTORE_REFUSED_PARAMETER' }))
})
