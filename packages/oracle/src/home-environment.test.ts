import type { ProcessRunner, ProcessSpec } from '@icb/runtime'
import { describe, expect, it } from 'vitest'
import { parsePatches, parseServices, readHomeEnvironment, serviceCommands } from './home-environment.ts'

const patches = ['37260974;Database Release Update : 19.26.0.0.250121 (37260974)', '29585399;OCW RELEASE UPDATE 19.3.0.0.0 (29585399)', '', 'OPatch succeeded.']
const services = [
  'Service name: backup_orcl', 'Server pool: ', 'Cardinality: 2', 'Service role: PRIMARY', 'Connection Load Balancing Goal: LONG', 'Runtime Load Balancing Goal: NONE', 'Edition: ', 'Pluggable database name: PDB1',
  'Service is enabled', 'Preferred instances: orcl1,orcl2', 'Available instances: ', 'Service name: old', 'Service is disabled', 'Edition: e1', 'Preferred instances: orcl1', 'Available instances: orcl2', 'Runtime Load Balancing Goal: THROUGHPUT',
]

/** Programs that answer from a table, by their last words. */
function programs(answers: Readonly<Record<string, { readonly lines?: readonly string[]; readonly exitCode?: number; readonly error?: string }>>): ProcessRunner {
  return (spec: ProcessSpec) => {
    const { lines = [], exitCode = 0, error } = answers[[spec.file.split('/').at(-1), ...spec.args].join(' ')] ?? { error: 'ENOENT' }
    if (error !== undefined) return Promise.reject(new Error(error))
    for (const line of lines) spec.onLine?.(line, 'stdout')
    return Promise.resolve({ exitCode, signal: null, timedOut: false, canceled: false, durationMs: 1, tail: lines, lineCount: lines.length, cutLines: 0 })
  }
}

const base = { oracleHome: '/u01/home', database: 'orcl', clusterware: true, env: {} }

describe('[M:environment] the environment of a database', () => {
  it('are patches and services, with the commands that make them anew in either form', async () => {
    const found = await readHomeEnvironment({ ...base, runProcess: programs({ 'opatch lspatches': { lines: patches }, 'srvctl config database -d orcl': { lines: ['Database unique name: orcl', 'Spfile: +DATA/orcl/spfile.ora'] }, 'srvctl config service -d orcl': { lines: services } }) })
    expect(found).toMatchObject({ problems: [], database: { Spfile: '+DATA/orcl/spfile.ora' } })
    expect(found.patches).toEqual([{ id: '37260974', description: 'Database Release Update : 19.26.0.0.250121 (37260974)' }, { id: '29585399', description: 'OCW RELEASE UPDATE 19.3.0.0.0 (29585399)' }])
    expect(found.services.map(({ name, enabled }) => [name, enabled])).toEqual([['backup_orcl', true], ['old', false]])
    expect(serviceCommands('orcl', found.services, { longOptions: true })).toEqual([
      'srvctl add service -database orcl -service backup_orcl -preferred orcl1,orcl2 -clbgoal LONG -rlbgoal NONE -pdb PDB1',
      'srvctl add service -database orcl -service old -preferred orcl1 -available orcl2 -edition e1 -rlbgoal THROUGHPUT',
    ])
    expect(serviceCommands('orcl', found.services, { longOptions: false })[1]).toBe('srvctl add service -d orcl -s old -r orcl1 -a orcl2 -t e1 -B THROUGHPUT')
  })

  it('[H31] never fail anything: a missing or failing program is a remark, a database without Clusterware is none', async () => {
    const missing = await readHomeEnvironment({ ...base, runProcess: programs({ 'srvctl config database -d orcl': { lines: ['PRCD-1120 : The resource for database orcl could not be found.'], exitCode: 1 }, 'srvctl config service -d orcl': { lines: ['PRKO-2001 : Invalid command line syntax'], exitCode: 1 } }) })
    expect(missing).toMatchObject({ patches: [], services: [], database: {} })
    expect(missing.problems).toEqual(['opatch lspatches: ENOENT', 'srvctl config service ended with 1: PRKO-2001 : Invalid command line syntax'])
    const asked = await readHomeEnvironment({ ...base, clusterware: false, runProcess: programs({ 'opatch lspatches': { lines: ['There are no Interim patches installed in this Oracle Home.'] } }) })
    expect(asked).toMatchObject({ patches: [], services: [], problems: [] })
    expect([parsePatches(['1;x']), parseServices(['nothing'])]).toEqual([[], []])
  })
})
