import { configFromObject } from '@icb/config'
import { describe, expect, it } from 'vitest'
import { jenkinsfile, systemdUnits } from './outside-schedulers.ts'
import { nextRunsOf, scheduledJobs } from './schedule-jobs.ts'

const config = configFromObject({ databases: { orcl: { dbid: '1', areaPath: '/nfs/orcl', parallel: 1, recoveryWindowDays: 2, retention: { keepDays: 1 }, osUser: 'oracle', scheduleBackup: 'FREQ=DAILY;BYHOUR=10;BYMINUTE=0', scheduleArchivelog: 'FREQ=HOURLY;BYHOUR=21;BYMINUTE=0' } } }, { env: {}, baseDir: '/etc/icb' })
const [database] = config.databases

describe('schedulers outside of the database', () => {
  const [backup] = scheduledJobs(database!)

  it('a Jenkinsfile runs the command over SSH, one build at a time, in the time zone of the schedule', () => {
    const text = jenkinsfile(backup!, database!, { cron: '0 10 * * *', zone: 'Europe/Stockholm', commandLine: "/opt/icb backup orcl --config /etc/it's.yaml", ssh: 'oracle@db1' }).join('\n')
    expect(text).toContain("triggers { cron('TZ=Europe/Stockholm' + '\\n' + '0 10 * * *') }")
    expect(text).toContain(String.raw`sh 'ssh -o BatchMode=yes oracle@db1 \'/opt/icb backup orcl --config /etc/it\'\\\'\'s.yaml\''`)
    expect(text).toContain('disableConcurrentBuilds()')
    expect(text.split('{').length).toBe(text.split('}').length)
  })

  it('systemd runs it as the operating system user and makes up for a missed run', () => {
    expect(systemdUnits(backup!, database!, '*-*-* 10:00:00', '/opt/icb backup orcl').join('\n')).toMatch(/User=oracle\nExecStart=\/opt\/icb backup orcl\n[^]*OnCalendar=\*-\*-\* 10:00:00\nPersistent=true/)
  })

  it('the next five runs of each calendar, and what it says beside what was meant', () => {
    const [daily, hourly] = nextRunsOf({ clock: { now: () => Date.UTC(2026, 10, 28, 12), monotonic: () => 0 } as never }, database!, 'UTC')
    expect(daily?.next).toEqual(['2026-11-29', '2026-11-30', '2026-12-01', '2026-12-02', '2026-12-03'].map((day) => `${day}T10:00:00.000Z`))
    expect(daily?.remarks).toEqual([])
    expect(hourly?.next[0]).toBe('2026-11-28T21:00:00.000Z')
    expect(hourly?.remarks.join()).toContain('once a day')
  })
})
