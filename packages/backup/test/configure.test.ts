import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applyConfigure, checkArchivelogs, planConfigure } from '../src/index.ts'
import type { ConfigureDependencies, ConfigurePlan } from '../src/index.ts'
import { makeStand } from './stand.ts'
import type { Stand } from './stand.ts'

let stand: Stand
beforeEach(async () => {
  stand = await makeStand()
  stand.database.areaDestination = 'NONE'
})
afterEach(() => stand.remove())

async function dependencies(overrides: Partial<ConfigureDependencies['settings']> = {}): Promise<ConfigureDependencies> {
  const { journal, ...deps } = await stand.dependencies()
  await journal.close()
  return { ...deps, settings: { ...stand.settings, ...overrides }, stateDir: join(stand.root, 'state', 'orcl') }
}

function ids(plan: ConfigurePlan): readonly string[] {
  return plan.changes.map((c) => c.id)
}

describe('configure', () => {
  it('[M:configure] shows the difference, applies it, keeps the old values and then has nothing to do', async () => {
    const deps = await dependencies()
    const plan = await planConfigure(deps)
    expect(stand.database.sent).toEqual(['rman: SHOW ALL;'])
    expect(ids(plan)).toEqual([
      'area.archivelog', 'rman.retention-policy', 'rman.backup-optimization', 'rman.controlfile-autobackup', 'rman.controlfile-autobackup-format', 'rman.snapshot-controlfile-name', 'change-tracking',
      'archive.recovery-area', 'archive.area',
    ])
    const result = await applyConfigure(deps, plan)
    expect(result.applied).toEqual(ids(plan))
    expect(stand.database.parameters.get('log_archive_dest_1')).toBe('LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY')
    expect(stand.database.parameters.get('log_archive_dest_10')).toBe(`LOCATION=${stand.areaPath}/archivelog/ VALID_FOR=(ONLINE_LOGFILE,PRIMARY_ROLE) OPTIONAL REOPEN=60`)
    expect(JSON.parse(await readFile(result.savedTo!, 'utf8'))).toMatchObject({ database: 'orcl', values: expect.arrayContaining([expect.objectContaining({ id: 'rman.backup-optimization', before: null, after: 'ON' })]) })
    expect(ids(await planConfigure(deps))).toEqual([])
    expect(await applyConfigure(deps, await planConfigure(deps))).toMatchObject({ applied: [] })
  })

  it('refuses to change what somebody else set, before anything is changed, and takes it over on request', async () => {
    stand.database.configuration.push({ name: 'RETENTION POLICY', value: 'TO REDUNDANCY 3' })
    const deps = await dependencies()
    const plan = await planConfigure(deps)
    expect(plan.changes.filter((c) => c.foreign).map((c) => [c.id, c.from])).toEqual([['rman.retention-policy', 'TO REDUNDANCY 3']])
    await expect(applyConfigure(deps, plan)).rejects.toMatchObject({ code: 'ICB_BACKUP_REFUSED_FOREIGN_VALUE' })
    expect(stand.database.sent).toEqual(['rman: SHOW ALL;'])
    await applyConfigure(deps, plan, { takeOver: true })
    expect(stand.database.configuration.find((c) => c.name === 'RETENTION POLICY')?.value).toBe('TO RECOVERY WINDOW OF 2 DAYS')
  })

  it('knows its own values again when the configuration changes', async () => {
    const deps = await dependencies()
    await applyConfigure(deps, await planConfigure(deps))
    const plan = await planConfigure(await dependencies({ recoveryWindowDays: 5 }))
    expect(plan.changes).toMatchObject([{ id: 'rman.retention-policy', from: 'TO RECOVERY WINDOW OF 2 DAYS', foreign: false }])
  })

  it('gives its destination the redo of the role that the database is backed up in since a switchover', async () => {
    const standby = await dependencies({ role: 'standby' })
    await applyConfigure(standby, await planConfigure(standby))
    const received = `LOCATION=${stand.areaPath}/archivelog/ VALID_FOR=(STANDBY_LOGFILE,STANDBY_ROLE) OPTIONAL REOPEN=60`
    expect(stand.database.parameters.get('log_archive_dest_10')).toBe(received)
    const primary = await dependencies({ role: 'primary' })
    const plan = await planConfigure(primary)
    expect(plan.changes).toMatchObject([{ id: 'archive.area', from: received, to: received.replace('(STANDBY_LOGFILE,STANDBY_ROLE)', '(ONLINE_LOGFILE,PRIMARY_ROLE)'), foreign: false }])
    await applyConfigure(primary, plan)
    expect(ids(await planConfigure(primary))).toEqual([])
    expect(ids(await planConfigure(await dependencies({ role: 'any' })))).toEqual(['archive.area'])
    // What somebody else wrote keeps its other attributes, and is asked for; one that takes all redo is right for every role.
    stand.database.parameters.set('log_archive_dest_10', `LOCATION=${stand.areaPath}/archivelog/ MANDATORY VALID_FOR=(STANDBY_LOGFILES, STANDBY_ROLE)`)
    expect((await planConfigure(primary)).changes).toMatchObject([{ id: 'archive.area', to: `LOCATION=${stand.areaPath}/archivelog/ MANDATORY VALID_FOR=(ONLINE_LOGFILE,PRIMARY_ROLE)`, foreign: true }])
    stand.database.parameters.set('log_archive_dest_10', `LOCATION=${stand.areaPath}/archivelog/`)
    for (const role of ['primary', 'standby', 'any'] as const) expect(ids(await planConfigure(await dependencies({ role })))).toEqual([])
  })

  it('says when a value did not take', async () => {
    const deps = await dependencies()
    const plan = await planConfigure(deps)
    await expect(applyConfigure({ ...deps, sql: { ...deps.sql, execute: async () => undefined } }, plan)).rejects.toMatchObject({ code: 'ICB_BACKUP_CONFIGURE_FAILED' })
  })

  it('[M:data-guard] [K:hasdataguard] asks for the applied logs of standbys and does not enable tracking on Standard Edition', async () => {
    stand.database.enterprise = false
    const plan = await planConfigure(await dependencies({ hasDataGuard: true }))
    expect(plan.changes.find((c) => c.id === 'rman.archivelog-deletion-policy')?.to).toBe('TO APPLIED ON ALL STANDBY')
    expect(ids(plan)).not.toContain('change-tracking')
    expect(plan.warnings.join()).toContain('Enterprise Edition')
  })
})

describe('archive destinations', () => {
  it('[M:second-destination] keep an existing local destination as the other place and take a free slot from 10 downwards', async () => {
    stand.database.parameters.set('log_archive_dest_10', 'LOCATION=/u01/arch')
    const plan = await planConfigure(await dependencies())
    expect(plan.changes.filter((c) => c.id.startsWith('archive.')).map((c) => c.statements[0]?.text)).toEqual([expect.stringMatching(/^alter system set log_archive_dest_9='LOCATION=.*\/archivelog\/ /)])
  })

  it('that are switched off are switched on only as somebody else\'s decision', async () => {
    stand.database.parameters.set('log_archive_dest_5', `LOCATION=${stand.areaPath}/archivelog`).set('log_archive_dest_state_5', 'DEFER')
    const plan = await planConfigure(await dependencies())
    expect(plan.changes.find((c) => c.id === 'archive.area-state')).toMatchObject({ from: 'DEFER', foreign: true })
  })

  it('are refused beside LOG_ARCHIVE_DEST and when no slot is free', async () => {
    stand.database.parameters.set('log_archive_dest', '/u01/arch')
    await expect(planConfigure(await dependencies())).rejects.toMatchObject({ code: 'ICB_BACKUP_REFUSED_DESTINATION' })
    stand.database.parameters.delete('log_archive_dest')
    for (let n = 1; n <= 10; n++) stand.database.parameters.set(`log_archive_dest_${String(n)}`, `SERVICE=s${String(n)}`)
    await expect(planConfigure(await dependencies())).rejects.toMatchObject({ code: 'ICB_BACKUP_REFUSED_DESTINATION' })
  })
})

describe('archived logs on demand', () => {
  it('are unchecked before the first copy, then whole', async () => {
    stand.database.areaDestination = 'VALID'
    expect((await checkArchivelogs(await dependencies(), { copy: false })).outcome).toBe('unchecked')
    await stand.backup()
    const result = await checkArchivelogs(await dependencies(), { copy: false })
    expect(result).toMatchObject({ outcome: 'ok', missing: [], copied: [] })
    expect(result.expected).toBeGreaterThan(0)
  })

  it('that are missing are named, and copied when asked', async () => {
    stand.database.areaDestination = 'VALID'
    await stand.backup()
    stand.database.areaDestination = 'SILENT'
    await stand.database.switchLog()
    const sequence = stand.database.sequence - 1
    stand.database.areaDestination = 'VALID'
    await stand.database.switchLog()
    expect(await checkArchivelogs(await dependencies(), { copy: false })).toMatchObject({ outcome: 'missing', missing: [{ thread: 1, sequence }], lost: [] })
    expect(await checkArchivelogs(await dependencies(), { copy: true })).toMatchObject({ outcome: 'ok', copied: [{ thread: 1, sequence }] })
  })

  it('that are gone everywhere are lost', async () => {
    stand.database.areaDestination = 'VALID'
    await stand.backup()
    await stand.database.switchLog()
    await stand.database.switchLog()
    for (const log of stand.database.logs.filter((l) => l.sequence === stand.database.sequence - 2)) {
      await rm(log.name)
      log.status = 'X'
    }
    expect(await checkArchivelogs(await dependencies(), { copy: true })).toMatchObject({ outcome: 'missing', copied: [], lost: [{ sequence: stand.database.sequence - 2 }] })
  })

  it('warns when nothing writes into the area', async () => {
    stand.database.areaDestination = 'VALID'
    await stand.backup()
    stand.database.areaDestination = 'NONE'
    expect((await checkArchivelogs(await dependencies(), { copy: false })).warnings.join()).toContain('icb configure')
  })
})
