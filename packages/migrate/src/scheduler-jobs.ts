import type { SqlSession } from '@icb/oracle'

/** A job that `setschedule` of the original made. */
export interface OriginalJob {
  readonly owner: string
  readonly name: string
  readonly enabled: boolean
  readonly running: boolean
}

const columns = { owner: 'text!', name: 'text!', enabled: 'text!', state: 'text' } as const

/** Jobs of the original's schema; none where it was never scheduled in the database. */
export async function readOriginalJobs(sql: SqlSession, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly OriginalJob[]> {
  const rows = await sql.query({ name: 'jobs of the original', columns, sql: "select owner, job_name, enabled, state from dba_scheduler_jobs where owner in ('BACKUPEXEC', 'C##BACKUPEXEC') order by owner, job_name" }, options)
  return rows.map(({ owner, name, enabled, state }) => ({ owner, name, enabled: enabled === 'TRUE', running: state === 'RUNNING' }))
}

/** Disables the jobs that are enabled; a run that goes on is left to its end. Nothing is dropped. Answers the names of those it disabled. */
export async function disableOriginalJobs(sql: SqlSession, jobs: readonly OriginalJob[], options: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
  const enabled = jobs.filter((job) => job.enabled)
  for (const { owner, name } of enabled) {
    if (![owner, name].every((word) => /^[A-Z][A-Z0-9_$#]*$/.test(word))) continue
    await sql.execute([`begin dbms_scheduler.disable(name => '${owner}.${name}', force => true); end;`], options)
  }
  return enabled.map(({ owner, name }) => `${owner}.${name}`)
}
