import type { DatabaseConfig } from '@icb/config'
import type { ScheduledJob } from './schedule-jobs.ts'

/** Unit files of one job, each behind the name it is saved under. */
export function systemdUnits(job: ScheduledJob, database: DatabaseConfig, onCalendar: string, commandLine: string): readonly string[] {
  const unit = `icb-${job.name}-${database.name}`
  const user = database.osUser === undefined ? [] : [`User=${database.osUser}`]
  return [
    `# /etc/systemd/system/${unit}.service`, '[Unit]', `Description=icb ${job.command}`, '', '[Service]', 'Type=oneshot', ...user, `ExecStart=${commandLine}`, '',
    `# /etc/systemd/system/${unit}.timer`, '[Unit]', `Description=icb ${job.command}`, '', '[Timer]', `OnCalendar=${onCalendar}`, 'Persistent=true', '', '[Install]', 'WantedBy=timers.target', '',
  ]
}

export interface JenkinsOptions {
  /** Five fields. */
  readonly cron: string
  /** IANA name. */
  readonly zone: string
  readonly commandLine: string
  /** `oracle@dbhost`: run over SSH; absent: the agent is the database's host. */
  readonly ssh?: string
}

/** A string of Groovy. */
const groovy = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const shell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** A declarative pipeline of one job; its log is the console of the build, and the build fails as the command does. */
export function jenkinsfile(job: ScheduledJob, database: DatabaseConfig, { cron, zone, commandLine, ssh }: JenkinsOptions): readonly string[] {
  const command = ssh === undefined ? commandLine : `ssh -o BatchMode=yes ${ssh} ${shell(commandLine)}`
  return [
    `// Jenkinsfile.${job.name}-${database.name}`,
    'pipeline {',
    `  agent ${ssh === undefined ? `{ label ${groovy(database.name)} }` : 'any'}`,
    `  triggers { cron(${groovy(`TZ=${zone}`)} + '\\n' + ${groovy(cron)}) }`,
    '  options {',
    '    disableConcurrentBuilds()',
    `    timeout(time: ${String(database.backupDeadlineMinutes + database.maxLockWaitMinutes)}, unit: 'MINUTES')`,
    "    buildDiscarder(logRotator(daysToKeepStr: '60'))",
    '  }',
    '  stages {',
    `    stage(${groovy(`${job.name} ${database.name}`)}) { steps { sh ${groovy(command)} } }`,
    '  }',
    '}',
    '',
  ]
}
