import { OraError } from '../../engine/ora-error.ts'
import type { OraMessage } from '../../engine/ora-error.ts'
import { formatDate } from '../nls-date.ts'
import { channelFormat, channelMaxPieceSize, parallelism } from './configuration.ts'
import { announce } from './work.ts'
import type { Channel, Work } from './work.ts'

function open(work: Work, name: string, format: string | null, maxPieceSize: string | null): Channel {
  const { commandId } = work.environment
  const clientInfo = `${commandId === null ? '' : `id=${commandId},`}rman channel=${name}`
  const session = work.instance.openSession({ parent: work.session, clientInfo, module: 'backup full datafile' })
  work.emit(`allocated channel: ${name}`)
  work.emit(`channel ${name}: SID=${session.sid} device type=DISK`)
  return { name, session, format, maxPieceSize }
}

/** ALLOCATE CHANNEL of a RUN. Channels that RMAN had allocated by itself go first. */
export function allocateChannel(work: Work, name: string, format: string | null, maxPieceSize: string | null): void {
  const { run } = work.state
  if (run === null) return
  announce(work)
  releaseDefaultChannels(work)
  if (run.channels.some((channel) => channel.name === name)) {
    throw new OraError([{ code: 'RMAN-06012', text: `channel: ${name} not allocated` }, { code: 'RMAN-06013', text: 'duplicate channel identifier found: ' + name }])
  }
  run.channels.push(open(work, name, format, maxPieceSize))
}

/** RELEASE CHANNEL. @throws OraError RMAN-06012 */
export function releaseChannel(work: Work, name: string): void {
  const channels = work.state.run?.channels ?? []
  const at = channels.findIndex((channel) => channel.name === name)
  const channel = channels[at]
  if (channel === undefined) throw new OraError([{ code: 'RMAN-06012', text: `channel: ${name} not allocated` }])
  channels.splice(at, 1)
  release(work, channel)
}

function release(work: Work, channel: Channel): void {
  work.instance.closeSession(channel.session.sid)
  work.emit(`released channel: ${channel.name}`)
}

export function releaseDefaultChannels(work: Work): void {
  for (const channel of work.state.defaultChannels.splice(0)) release(work, channel)
}

export function releaseRunChannels(work: Work): void {
  for (const channel of work.state.run?.channels.splice(0) ?? []) release(work, channel)
}

/**
 * The channels a command works with: those of its RUN, else the configured ones, allocated at their first use. Prints the
 * lines that say so. `fresh`: the maintenance of archived logs gives the automatic channels back and takes new ones.
 */
export function useChannels(work: Work, fresh = false): readonly Channel[] {
  const { state } = work
  announce(work)
  if (state.run !== null && state.run.channels.length > 0) return state.run.channels
  if (fresh) releaseDefaultChannels(work)
  if (state.defaultChannels.length > 0) {
    for (const channel of state.defaultChannels) work.emit(`using channel ${channel.name}`)
    return state.defaultChannels
  }
  // Without a mounted control file there is no configuration: one channel.
  const count = work.instance.status === 'STARTED' ? 1 : parallelism(work.instance)
  for (let number = 1; number <= count; number++) {
    const [format, maxPieceSize] = work.instance.status === 'STARTED' ? [null, null] : [channelFormat(work.instance, number), channelMaxPieceSize(work.instance, number)]
    state.defaultChannels.push(open(work, `ORA_DISK_${number}`, format, maxPieceSize))
  }
  if (count > 1) warnWithoutParallelism(work)
  return state.defaultChannels
}

/** Standard Edition does one thing after the other. */
function warnWithoutParallelism(work: Work): void {
  if (work.instance.edition === 'EE') return
  work.emit('RMAN-06908: WARNING: operation will not run in parallel on the allocated channels')
  work.emit('RMAN-06909: WARNING: parallelism require Enterprise Edition')
  work.warnings = true
}

/**
 * Gives the jobs to the channels: each takes the next one when it is free, so they really work side by side. A failed job
 * does not stop the others; afterwards the first failure is raised, as RMAN-03009 of its channel when `command` is given.
 */
export async function runOnChannels<Job>(work: Work, channels: readonly Channel[], jobs: readonly Job[], command: string | null, execute: (job: Job, channel: Channel) => Promise<void>): Promise<void> {
  const queue = [...jobs]
  const failures: OraError[] = []
  const workers = work.instance.edition === 'EE' ? channels : channels.slice(0, 1)
  const failure = (channel: Channel, error: OraError): OraError => (command === null ? error : onChannel(work, command, channel, error))
  await Promise.all(
    workers.map(async (channel) => {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
        channel.session.status = 'ACTIVE'
        try {
          if (channel.session.abort.aborted) throw new OraError([{ code: 'ORA-00028', text: 'your session has been killed' }])
          await execute(job, channel)
        } catch (error) {
          if (!(error instanceof OraError)) throw error
          const framed = failure(channel, error)
          const lost = channel.session.abort.aborted
          if (queue.length > 0 && !lost && workers.length > 1) {
            for (const message of framed.messages) work.emit(`${message.code}: ${message.text}`)
            work.emit('continuing other job steps, job failed will not be re-run')
          }
          failures.push(framed)
          if (lost || workers.length === 1) return
        } finally {
          channel.session.status = 'INACTIVE'
        }
      }
    }),
  )
  const [first] = failures
  if (first !== undefined) throw first
}

function onChannel(work: Work, command: string, channel: Channel, error: OraError): OraError {
  const { host } = work.instance
  const head: OraMessage = { code: 'RMAN-03009', text: `failure of ${command} command on ${channel.name} channel at ${formatDate(host.now(), host.timeZone, 'MM/DD/YYYY HH24:MI:SS')}` }
  return new OraError([head, ...error.messages])
}
