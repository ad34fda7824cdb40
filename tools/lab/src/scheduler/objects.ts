import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import { qualify, type QualifiedName } from '../sql/schema/names.ts'
import { schemaOf, type ObjectType, type StoredObject } from '../sql/schema/schema-store.ts'

export type ActionType = 'PLSQL_BLOCK' | 'STORED_PROCEDURE' | 'EXECUTABLE' | 'EXTERNAL_SCRIPT'

export interface ProgramArgument {
  readonly position: number
  readonly name: string | undefined
  readonly type: string
  readonly value: string | null
  /** A value or default was given, also when it is null. */
  readonly given: boolean
}

export interface SchedulerProgram {
  readonly type: ActionType
  readonly action: string
  readonly argumentCount: number
  readonly arguments: readonly ProgramArgument[]
  readonly enabled: boolean
  readonly comments: string | null
}

export interface SchedulerSchedule {
  /** Milliseconds UTC; `null`: at once. */
  readonly start: number | null
  readonly interval: string | null
  readonly end: number | null
  readonly comments: string | null
}

export interface SchedulerJobClass {
  readonly logging: 'OFF' | 'RUNS' | 'FAILED RUNS' | 'FULL'
  readonly logHistory: number | null
  readonly service: string | null
  readonly comments: string | null
}

export interface SchedulerCredential {
  readonly username: string
  readonly enabled: boolean
  readonly comments: string | null
}

export type JobState = 'DISABLED' | 'SCHEDULED' | 'RUNNING' | 'COMPLETED' | 'SUCCEEDED' | 'FAILED' | 'BROKEN' | 'STOPPED' | 'RETRY SCHEDULED'

export interface SchedulerJob {
  readonly program: QualifiedName | undefined
  readonly type: ActionType | undefined
  readonly action: string | undefined
  readonly argumentCount: number
  readonly arguments: readonly ProgramArgument[]
  readonly schedule: QualifiedName | undefined
  readonly start: number | null
  readonly interval: string | null
  readonly end: number | null
  readonly jobClass: string
  readonly credential: QualifiedName | undefined
  readonly enabled: boolean
  readonly autoDrop: boolean
  readonly comments: string | null
  readonly maxRuns: number | null
  readonly maxFailures: number | null
  readonly instanceId: number | null
  readonly created: number
  readonly state: JobState
  readonly runCount: number
  readonly failureCount: number
  readonly lastStart: number | null
  /** Seconds. */
  readonly lastDuration: number | null
  readonly nextRun: number | null
}

export type SchedulerObject = StoredObject<SchedulerJob> | StoredObject<SchedulerProgram> | StoredObject<SchedulerSchedule>

/** A name as DBMS_SCHEDULER takes it: `OWNER.NAME`, quoted or not. @throws OraError 27452 */
export function objectName(text: string | null, session: ServerSession, what: string): QualifiedName {
  const parts = (text ?? '').trim().split('.').map((part) => (/^".*"$/.test(part) ? part.slice(1, -1) : part.toUpperCase()))
  if (text === null || parts.length > 2 || parts.some((part) => !/^[A-Z][A-Z0-9_$#]*$/i.test(part))) throw ora(27452, `"${text ?? ''}" is an invalid name for a database object (${what})`)
  return qualify(parts, session)
}

const full = ({ owner, name }: QualifiedName): string => `"${owner}"."${name}"`

/** @throws OraError 27475, 27476 */
export function requireObject<T>(type: ObjectType, name: QualifiedName, instance: Instance): StoredObject<T> {
  const found = schemaOf(instance).get<T>(type, name.owner, name.name)
  if (found === undefined) throw type === 'JOB' ? ora(27475, `unknown job ${full(name)}`) : ora(27476, `${full(name)} does not exist`)
  return found
}

/** @throws OraError 27477 */
export function refuseExisting(name: QualifiedName, instance: Instance, ...types: readonly ObjectType[]): void {
  const taken = types.some((type) => schemaOf(instance).get(type, name.owner, name.name) !== undefined) || instance.tables().some((table) => table.owner === name.owner && table.name === name.name)
  if (taken) throw ora(27477, `${full(name)} already exists`)
}

/** What a job does: its own action, or its program's. @throws OraError 27476 */
export function actionOf(job: SchedulerJob, instance: Instance): { readonly type: ActionType; readonly action: string; readonly arguments: readonly ProgramArgument[]; readonly count: number } {
  if (job.program === undefined) return { type: job.type ?? 'PLSQL_BLOCK', action: job.action ?? '', arguments: job.arguments, count: job.argumentCount }
  const { definition } = requireObject<SchedulerProgram>('PROGRAM', job.program, instance)
  const values = Array.from({ length: definition.argumentCount }, (_, index) => {
    const position = index + 1
    const declared = definition.arguments.find((argument) => argument.position === position)
    const own = job.arguments.find((argument) => argument.position === position || (argument.name !== undefined && argument.name === declared?.name))
    return own ?? declared
  })
  return { type: definition.type, action: definition.action, arguments: values.flatMap((argument, index) => (argument === undefined ? [] : [{ ...argument, position: index + 1 }])), count: definition.argumentCount }
}

/** When a job runs: its own schedule, or the named one. @throws OraError 27476 */
export function timingOf(job: SchedulerJob, instance: Instance): { readonly start: number | null; readonly interval: string | null; readonly end: number | null } {
  return job.schedule === undefined ? job : requireObject<SchedulerSchedule>('SCHEDULE', job.schedule, instance).definition
}
