import { readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createStage } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * The jobs that `icb schedule install` makes, fired by the calendars of the lab's own scheduler, which starts the real program in an empty
 * environment. All releases: `npm run proof:schedule`.
 */

const full = process.env['ICB_ALL_PROFILES'] === '1'
const profiles = full ? ['19c', '19c-cdb', '12.1.0.2', '12.1.0.2-cdb', '11.2.0.4', '23ai'] : ['19c-cdb']
const timeout = 240_000
const osPassword = `it's-${Math.floor(Math.random() * 1e12).toString(36)}`

interface Change { readonly id: string; readonly action: string; readonly differences: readonly { readonly name: string; readonly from?: string; readonly to?: string }[] }
interface Installed { readonly plan: { readonly owner: string; readonly changes: readonly Change[]; readonly unchanged: readonly string[] }; readonly applied: boolean; readonly starter: { readonly path: string } }

describe.each(profiles)('in a database of release %s', (profile) => {
  let stage: Stage
  let owner: string
  const database = `h${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`

  async function must<T>(document: Promise<IcbDocument>): Promise<T> {
    const { exitCode, error, result } = await document
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined })
    return result as T
  }

  async function sql(script: string): Promise<string> {
    const result = await stage.sqlplus('prod', `whenever sqlerror exit failure\nconn /@${database} as sysdba\nset heading off feedback off pages 0 linesize 2000 trimspool on\n${script}\nexit\n`)
    expect({ script, exitCode: result.exitCode, stdout: result.exitCode === 0 ? '' : result.stdout }).toEqual({ script, exitCode: 0, stdout: '' })
    return result.stdout.split('\n').map((line) => line.trim()).filter((line) => line !== '' && line !== 'Connected.').join('\n')
  }

  /** A calendar that comes once, some seconds from now by the database's clock. */
  async function once(seconds: number): Promise<string> {
    const [month, day, hour, minute, second] = (await sql(`select to_char(sysdate + ${String(seconds)} / 86400, 'mm dd hh24 mi ss') from dual;`)).split(' ').map(Number)
    return `FREQ=YEARLY;BYMONTH=${String(month)};BYMONTHDAY=${String(day)};BYHOUR=${String(hour)};BYMINUTE=${String(minute)};BYSECOND=${String(second)}`
  }

  const yearly = 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28;BYHOUR=3;BYMINUTE=0'
  const install = (calendars: { readonly backup?: string; readonly archivelogs?: string }, ...args: readonly string[]): Promise<IcbDocument> =>
    stage.icbJson('prod', ['schedule', 'install', database, '--yes', ...args], {
      config: stage.variant('prod', 'schedule', (_, own) => Object.assign(own, { scheduleBackup: calendars.backup ?? yearly, scheduleArchivelog: calendars.archivelogs ?? yearly })),
      env: { ...stage.env, OSPASSWORD: osPassword },
    })
  /**
   * Installs the job's calendar so that it comes soon, and waits until it has run. A loaded machine may install it too late: its moment then
   * is a year away, and it gets another one.
   */
  async function fire(job: 'backup' | 'archivelogs', first = 5, meanwhile?: () => void): Promise<{ readonly installed: Installed; readonly last: string }> {
    const name = job === 'backup' ? 'BACKUP_JOB' : 'ARCHIVELOGS_JOB'
    const before = (await runs(name)).length
    for (let margin = first; ; margin *= 2) {
      const installed = await must<Installed>(install({ [job]: await once(margin) }))
      meanwhile?.()
      const away = await sql(`select count(*) from dba_scheduler_jobs where owner = '${owner}' and job_name = '${name}' and next_run_date > systimestamp + 1 and run_count = 0 and state = 'SCHEDULED';`)
      if (away === '0' || margin > 60) return { installed, last: (await waitForRuns(name, before + 1)).at(-1) ?? '' }
    }
  }

  const ids = ({ plan }: Installed): readonly string[] => plan.changes.map((change) => change.id)

  /** Status and what it said, of the runs of a job, newest last. */
  async function runs(job: string): Promise<readonly string[]> {
    const text = await sql(`select status || ' ' || replace(additional_info, chr(10), ' ') from dba_scheduler_job_run_details where owner = '${owner}' and job_name = '${job}' order by log_id;`)
    return text.split('\n').filter((line) => line !== '')
  }

  async function waitForRuns(job: string, count: number): Promise<readonly string[]> {
    await expect.poll(async () => (await runs(job)).length, { timeout: 90_000, interval: 500 }).toBe(count)
    return runs(job)
  }

  beforeAll(async () => {
    const osUser = process.getuid?.() === 0 ? 'nobody' : userInfo().username
    stage = await createStage({ database, labInit: ['--profile', profile], databaseConfig: { osUser } })
    await must(stage.icbJson('prod', ['configure', database, '--yes']))
    owner = profile.endsWith('cdb') || profile === '23ai' ? 'C##ICB_SCHEDULER' : 'ICB_SCHEDULER'
  }, timeout)
  afterAll(async () => {
    await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
  }, 60_000)

  it('shows what it would make, and makes nothing without being told the password', async () => {
    const planned = await must<Installed>(install({}, '--dry-run'))
    expect(planned.applied).toBe(false)
    expect(planned.plan.changes.map((change) => change.action)).toEqual(planned.plan.changes.map(() => 'create'))
    const refused = await stage.icbJson('prod', ['schedule', 'install', database, '--yes'])
    expect(refused).toMatchObject({ exitCode: 1, error: { code: 'ICB_BACKUP_SCHEDULE', hint: expect.stringContaining('OSPASSWORD') as unknown } })
    expect(await sql(`select count(*) from dba_users where username = '${owner}';`)).toBe('0')
  }, timeout)

  it('[M:scheduler-jobs] a backup that the database starts itself, in an empty environment', async () => {
    const { installed, last } = await fire('backup')
    expect(installed).toMatchObject({ applied: true, plan: { owner } })
    expect(last).toMatch(/^SUCCEEDED/)
    const manifest = JSON.parse(readFileSync(join(stage.areaPath, 'icb-manifest.json'), 'utf8')) as { state: string; copies: unknown[] }
    expect(manifest.state).toBe('refreshed')
    expect(readdirSync(stage.areaPath).filter((name) => name.startsWith('data_')).length).toBe(manifest.copies.length)
    expect(await sql(`select account_status from dba_users where username = '${owner}';`)).toBe('LOCKED')
  }, timeout)

  it('[M:light-check] a check of archived logs that starts no program while none is missing, and copies the one that is', async () => {
    await must(install({}))
    const first = await fire('archivelogs')
    expect(ids(first.installed)).toEqual(['schedule ARCHIVELOGS_SCHEDULE'])
    expect(first.last).toMatch(/^SUCCEEDED/)
    expect(await runs('ARCHIVELOGS_RUN')).toEqual([])

    await stage.lab(['fault', 'archive-destination', stage.labDirectory, database, '--fail', '--match', 'nfs'])
    await stage.lab(['workload', stage.labDirectory, '--transactions', '20'])
    await sql('alter system switch logfile;\nalter system switch logfile;')
    const missing = await stage.icbJson('prod', ['archivelogs', database, '--dry-run'])
    expect(missing.result).toMatchObject({ outcome: 'missing' })
    await stage.lab(['fault', 'archive-destination', stage.labDirectory, database, '--clear'])
    await must(install({}))
    expect((await fire('archivelogs')).last).toMatch(/^SUCCEEDED/)
    expect((await waitForRuns('ARCHIVELOGS_RUN', 1))[0]).toMatch(/^SUCCEEDED/)
    expect((await must<{ missing: unknown[] }>(stage.icbJson('prod', ['archivelogs', database, '--dry-run']))).missing).toEqual([])
    expect(await sql(`select count(*) from dba_scheduler_jobs where owner = '${owner}' and job_name = 'ARCHIVELOGS_RUN';`)).toBe('0')
  }, timeout)

  if (full) it('a run that fails fails its job with the reason, and what somebody changed is put right', async () => {
    // The configuration that the job reads is spoiled before it comes.
    const { last: failed } = await fire('backup', 25, () => { stage.variant('prod', 'schedule', (_, own) => Object.assign(own, { dbid: '4711' })) })
    expect(failed).toMatch(/^FAILED .*exit code: 3.*4711/)
    const shown = await must<{ jobs: readonly { name: string; lastRun?: { status: string } }[] }>(stage.icbJson('prod', ['schedule', 'show', database, '--installed']))
    expect(shown.jobs.find((job) => job.name === 'BACKUP_JOB')?.lastRun?.status).toBe('FAILED')
    await sql(`begin dbms_scheduler.disable('${owner}.BACKUP_PROGRAM', true); end;\n/`)
    const drifted = await must<Installed>(install({}, '--dry-run'))
    expect(drifted.plan.changes).toContainEqual({ id: 'program BACKUP_PROGRAM', action: 'change', differences: [{ name: 'enabled', from: 'false', to: 'true' }] })
  }, timeout)

  it('repeated, changes nothing; removed, leaves nothing', async () => {
    await must(install({}))
    const again = await must<Installed>(install({}))
    expect({ changes: ids(again), applied: again.applied }).toEqual({ changes: [], applied: false })
    const shown = await must<{ jobs: readonly { name: string; state: string; runs: number }[] }>(stage.icbJson('prod', ['schedule', 'show', database, '--installed']))
    expect(shown.jobs.map((job) => [job.name, job.state])).toEqual(expect.arrayContaining([['BACKUP_JOB', 'SCHEDULED'], ['ARCHIVELOGS_JOB', 'SCHEDULED']]))
    const renewed = await must<Installed>(install({}, '--renew-credential'))
    expect(ids(renewed)).toEqual(['credential OS_CREDENTIAL'])
    expect(JSON.stringify(renewed)).not.toContain(osPassword)

    await must(stage.icbJson('prod', ['schedule', 'remove', database, '--yes']))
    expect(await sql(`select (select count(*) from dba_users where username = '${owner}') + (select count(*) from dba_scheduler_jobs where owner = '${owner}') + (select count(*) from dba_scheduler_job_classes where job_class_name = 'ICB_JOBS') from dual;`)).toBe('0')
    expect(await must(stage.icbJson('prod', ['schedule', 'remove', database, '--yes']))).toMatchObject({ plan: { changes: [] }, applied: false })
  }, timeout)

  it('[H46] the password of the operating system user is nowhere', async () => {
    const hits = readdirSync(stage.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !/\.(mjs|dbf|log|node)$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name)).filter((path) => readFileSync(path).includes(osPassword.slice(5)))
    expect(hits).toEqual([])
  }, timeout)
})
