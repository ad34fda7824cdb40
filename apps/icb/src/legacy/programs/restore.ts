import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { findDatabase } from '@icb/config'
import type { RestorePlan, RestoreResult } from '@icb/autorestore'
import { DateTime } from 'luxon'
import { usageErrors } from '../../errors.ts'
import { exitCodes } from '../../exit-codes.ts'
import { isYes } from '../answers.ts'
import { configFile, legacyExitCode, ran, usage } from '../legacy-call.ts'
import type { LegacyAction, LegacyCall } from '../legacy-call.ts'
import { markScratch } from './autorestore.ts'

const intro = [
  'This opens a copy of a database as it was at a time you choose, as an instance of its own.',
  'Do not use it on a host that can reach the storage of production, nor to bring production back in an emergency.',
  '',
]

/** Asks until the answer means something; the end of the input ends it too. */
async function askFor<T>(call: LegacyCall, question: string, read: (answer: string) => T | undefined | Promise<T | undefined>, problem: string): Promise<T> {
  for (;;) {
    const value = await read(await call.ask(question))
    if (value !== undefined) return value
    call.say(problem)
  }
}

function timeIn(zone: string, text: string): DateTime<true> | undefined {
  const time = DateTime.fromFormat(text, 'yyyy-MM-dd HH:mm:ss', { zone })
  return time.isValid ? time : undefined
}

/** `restore <config> <db>`: the original's questions, the restore of icb. */
export const restore: LegacyAction = async (call) => {
  const [config, database, ...rest] = call.args
  if (config === undefined || database === undefined || rest.length > 0) return usage(call, '<configuration file> <database>')
  const app = await call.open(configFile(call, config))
  const { oracleHome } = findDatabase(await app.config(), database)
  if (app.fleet.uid === 0) throw usageErrors.ARGUMENT('a restore is not started as root', { hint: 'Run it as the operating system user that owns the Oracle software of this host.' })
  for (const line of intro) call.say(line)
  if (!isYes(await call.ask('Is this system isolated with no access to production database storage? (y/n)'))) return exitCodes.failed
  const mount = await askFor(call, 'Directory where to mount clone:', async (answer) => access(answer, constants.W_OK).then(() => answer, () => undefined), 'That is no directory that you can write to.')
  const text = await askFor(call, 'Restore database to time point: (yyyy-mm-dd hh24:mi:ss)', (answer) => (timeIn('utc', answer) === undefined ? undefined : answer), 'Write it like 2016-12-17 20:40:35.')
  const zone = isYes(await call.ask('Was the timestamp in UTC (answer N for local time)? (y/n)')) ? 'utc' : 'local'
  const target = timeIn(zone, text)
  if (target === undefined) throw usageErrors.ARGUMENT(`${text} is no time of the zone ${zone}`)
  const sid = await askFor(call, 'Target instance name:', (answer) => (/^[A-Za-z][A-Za-z0-9]{0,7}$/.test(answer) ? answer : undefined), 'A letter, then up to 7 letters and digits.')
  if (!(await markScratch(call, app, [database]))) return exitCodes.refused
  const line = ['restore', database, '--to', target.toISO(), '--sid', sid, '--mount', mount]
  const planned = await ran(app, [...line, '--dry-run'])
  const plan = (planned.outcome?.result as { readonly plan?: RestorePlan } | undefined)?.plan
  if (plan === undefined || planned.error !== undefined) {
    call.tell(planned.error ?? new Error('no recovery point reaches that time'))
    return legacyExitCode(planned.exitCode === 0 ? exitCodes.failed : planned.exitCode)
  }
  const rule = '######################################'
  for (const each of [
    rule, '', `Database unique name: ${database}`, `Oracle home: ${oracleHome ?? ''}`, `Clone mount path: ${mount}`, `Target instance SID: ${sid}`, `Restore target time UTC: ${target.toUTC().toFormat('yyyy-MM-dd HH:mm:ssZZ')}`,
    `Restore target time local: ${target.toLocal().toFormat('yyyy-MM-dd HH:mm:ssZZ')}`, `Restored from snapshot: ${plan.copies.snapshot}${plan.logs === undefined ? '' : `, with the logs of ${plan.logs.snapshot}`}`, '',
  ]) call.say(each)
  if (!isYes(await call.ask('Are these parameters correct? (y/n)'))) return exitCodes.failed
  call.say('')
  call.say(rule)
  const done = await ran(app, [...line, '--yes'], (text) => { call.say(text) })
  const result = done.outcome?.result as RestoreResult | undefined
  if (done.error !== undefined || result?.outcome !== 'opened') {
    if (done.error !== undefined) call.tell(done.error)
    return legacyExitCode(done.exitCode === 0 ? exitCodes.failed : done.exitCode)
  }
  call.say(`SID: ${sid}`)
  call.say(`Requested target time: ${target.toFormat('yyyy-MM-dd HH:mm:ssZZ')}`)
  if (result.time !== undefined) call.say(`Verified restored database time: ${result.time}`)
  call.say('')
  call.say('Command to clean up (instance, mount, clone and files):')
  call.say(`icb --config ${app.configPath()} restore ${database} --cleanup ${result.runId}`)
  return exitCodes.done
}
