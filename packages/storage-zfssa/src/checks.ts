import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult, Clock } from '@icb/runtime'
import type { SnapshotStorage, StorageCapabilities } from '@icb/storage-core'
import { errorOfFault, faultOf } from './appliance-errors.ts'
import type { ZfssaOptions } from './options.ts'
import type { PoolCalls } from './pool-owner.ts'
import type { RestClient } from './rest-client.ts'
import type { Shares } from './shares.ts'

/** What the checks ask beyond the contract. */
export interface Diagnosis {
  readonly database: string
  readonly options: ZfssaOptions
  readonly client: RestClient
  readonly calls: PoolCalls
  readonly shares: Shares
  readonly clock: Clock
}

const diagnoses = new WeakMap<StorageCapabilities, Diagnosis>()

export function registerDiagnosis(capabilities: StorageCapabilities, diagnosis: Diagnosis): void {
  diagnoses.set(capabilities, diagnosis)
}

/** Snapshots are dated by the appliance, their age is judged by the host. */
const largestSkewSeconds = 120

type Judge = (diagnosis: Diagnosis, signal: AbortSignal) => Promise<CheckResult>

const failed = (error: unknown, signal: AbortSignal): CheckResult => {
  signal.throwIfAborted()
  if (!isIcbError(error)) throw error
  return { status: 'failed', summary: error.message, remedy: error.remedy, advice: error.hint ?? 'See docs/storage/zfssa.md.', details: { code: error.code } }
}

const fix = (summary: string, advice: string): CheckResult => ({ status: 'failed', summary, advice, remedy: 'fix' })

/** REST is on, the certificate is right. Needs no right beyond a login. */
const rest: Judge = async ({ client }, signal) => {
  const answer = await client.send('asking for the services', { method: 'GET', path: ['access'], signal })
  return answer.status < 500 ? { status: 'ok', summary: `the REST service of ${client.host} answers (API v${await client.version()})` } : failed(errorOfFault('asking for the services', faultOf(answer.status, answer.body)), signal)
}

const login: Judge = async ({ client }, signal) => {
  const answer = await client.send('logging in', { method: 'GET', path: ['access'], signal })
  if (answer.status === 401) return fix('the appliance refused the login', 'User or password is wrong, or the user is locked: see the credentials in the configuration.')
  return answer.status === 200 ? { status: 'ok', summary: 'user and password are right' } : failed(errorOfFault('logging in', faultOf(answer.status, answer.body)), signal)
}

const owner: Judge = async ({ calls, options }, signal) => {
  const facts = await calls.owner(signal)
  if (facts.servedHere) return { status: 'ok', summary: `pool ${options.pool} is served by ${facts.node}` }
  if (options.peerUrl !== undefined) return { status: 'warning', summary: `pool ${options.pool} is served by ${facts.owner}, not by ${facts.node}`, advice: 'The peer is used. Fail back on the appliance when convenient.', remedy: 'operator' }
  return fix(`pool ${options.pool} is served by ${facts.owner}, not by ${facts.node}`, 'Set "url" to the management address of the owner and "peerUrl" to the other node.')
}

const share: Judge = async ({ shares, options, database }, signal) => {
  const name = options.share ?? database
  const project = await shares.get('reading the project', shares.path(options.project), 'project', signal)
  if (project === undefined) return fix(`there is no project ${options.project} in pool ${options.pool}, or this user may not see it`, 'Correct "pool" and "project", or make the project.')
  const filesystem = await shares.get('reading the share', shares.path(options.project, 'filesystems', name), 'filesystem', signal)
  if (filesystem === undefined) return fix(`there is no share ${name} in project ${options.project}`, 'Make it with "icb volume create".')
  if (filesystem['readonly'] === true || filesystem['exported'] === false) return fix(`share ${name} is ${filesystem['readonly'] === true ? 'read-only' : 'not exported'}`, 'Correct it on the appliance.')
  return { status: 'ok', summary: `share ${name} is there` }
}

/** Asks for a snapshot with a name that no share can have: a user with the right is told so, one without is refused. */
const authorisation: Judge = async ({ calls, shares, options, database }, signal) => {
  const answer = await calls.send('trying the right to make snapshots', { method: 'POST', path: shares.path(options.project, 'filesystems', options.share ?? database, 'snapshots'), body: { name: '@' }, signal })
  if (answer.status === 401 || answer.status === 403) return fix('the user may not make snapshots of this share', 'Give its role takeSnap, destroySnap, clone and destroy on nas.<pool>.<project>.*.')
  if (answer.status === 400) return { status: 'ok', summary: 'the user may make snapshots; clone and destroy cannot be tried without doing them' }
  return { status: 'skipped', summary: `the appliance answered ${answer.status}`, advice: 'See the check of the share.' }
}

const clockSkew: Judge = async ({ client, clock }, signal) => {
  const { date } = await client.send('asking for the time', { method: 'GET', path: ['access'], signal })
  const there = Date.parse(date ?? '')
  if (Number.isNaN(there)) return { status: 'skipped', summary: 'the appliance does not tell its time', advice: 'Compare the clocks by hand.' }
  const skew = Math.round((there - clock.now()) / 1000)
  if (Math.abs(skew) <= largestSkewSeconds) return { status: 'ok', summary: `the clocks differ by ${skew} s`, details: { skewSeconds: skew } }
  return { status: 'warning', summary: `the clock of the appliance is ${Math.abs(skew)} s ${skew > 0 ? 'ahead' : 'behind'}`, advice: 'Let both use NTP: the age of snapshots is wrong by as much.', remedy: 'fix', details: { skewSeconds: skew } }
}

const questions: readonly (readonly [id: string, title: string, judge: Judge])[] = [
  ['rest', 'REST service and certificate', rest],
  ['login', 'login', login],
  ['owner', 'the pool is served by this node', owner],
  ['share', 'pool, project and share', share],
  ['authorisation', 'authorisation for snapshots', authorisation],
  ['clock', 'clocks agree', clockSkew],
]

/** What `doctor` asks about a storage of this adapter. Nothing is changed. */
export function zfssaChecks(storage: SnapshotStorage): readonly Check[] {
  const diagnosis = diagnoses.get(storage.capabilities)
  if (diagnosis === undefined) return []
  return questions.map(([id, title, judge]) => ({
    id: `storage.zfssa.${id}`,
    title,
    run: async ({ signal }) => {
      try {
        return await judge(diagnosis, signal)
      } catch (error) {
        return failed(error, signal)
      }
    },
  }))
}
