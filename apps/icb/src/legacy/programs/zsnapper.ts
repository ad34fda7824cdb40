import { findDatabase } from '@icb/config'
import { DateTime } from 'luxon'
import type { AppContext } from '../../app-context.ts'
import { ran, legacyExitCode, usage, usualConfig, utcText } from '../legacy-call.ts'
import type { LegacyAction, LegacyCall, Ran } from '../legacy-call.ts'

interface ListedSnapshot {
  readonly snapshot: { readonly id: string; readonly name: string; readonly createdAt: string; readonly ours: boolean; readonly spaceTotal?: bigint; readonly spaceUnique?: bigint }
}

interface ListedClone {
  readonly name: string
  readonly snapshot: string
  readonly mounts: readonly string[]
}

/** `165MB`: rounded, in powers of 1024. */
export function roundedSize(bytes: bigint | undefined): string {
  if (bytes === undefined) return '?'
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = Number(bytes)
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${String(Math.round(value))}${units[unit] ?? ''}`
}

/** What a command answered; `undefined` when it failed, which is told. */
function resultOf(call: LegacyCall, done: Ran): unknown {
  if (done.error !== undefined) call.tell(done.error)
  return done.error === undefined ? done.outcome?.result : undefined
}

interface Listing {
  readonly exitCode: number
  readonly snapshots: readonly ListedSnapshot['snapshot'][]
}

async function snapshotsOf(call: LegacyCall, app: AppContext, database: string): Promise<Listing> {
  const done = await ran(app, ['snapshot', 'list', database])
  const points = (resultOf(call, done) ?? []) as readonly ListedSnapshot[]
  return { exitCode: legacyExitCode(done.exitCode), snapshots: points.map(({ snapshot }) => snapshot) }
}

async function clonesOf(call: LegacyCall, app: AppContext, database: string): Promise<{ readonly exitCode: number; readonly clones: readonly ListedClone[] }> {
  const done = await ran(app, ['clone', 'list', database])
  return { exitCode: legacyExitCode(done.exitCode), clones: (resultOf(call, done) ?? []) as readonly ListedClone[] }
}

/** A mount as the original shows it: the path alone. */
function pathOf(mount: string): string {
  return mount.replace(/^[^/]*:(?=\/)/, '')
}

async function list(call: LegacyCall, app: AppContext, database: string): Promise<number> {
  const { snapshots, ...listed } = await snapshotsOf(call, app, database)
  if (listed.exitCode !== 0) return listed.exitCode
  const { clones, exitCode } = await clonesOf(call, app, database)
  for (const snapshot of snapshots) {
    const { length } = clones.filter((clone) => clone.snapshot === snapshot.id)
    call.say(`${snapshot.name} [${utcText(snapshot.createdAt)} UTC] total=${roundedSize(snapshot.spaceTotal)} unique=${roundedSize(snapshot.spaceUnique)} clones=${String(length)}`)
  }
  return exitCode
}

async function create(call: LegacyCall, app: AppContext, database: string): Promise<number> {
  const done = await ran(app, ['snapshot', 'create', database])
  const made = resultOf(call, done) as { readonly snapshot: string } | undefined
  if (made !== undefined) call.say(`Snapshot created: ${made.snapshot}`)
  return legacyExitCode(done.exitCode)
}

async function makeClone(call: LegacyCall, app: AppContext, database: string, snapshot: string, name: string): Promise<number> {
  const done = await ran(app, ['clone', 'create', database, snapshot, name])
  const clone = resultOf(call, done) as ListedClone | undefined
  if (clone === undefined) return legacyExitCode(done.exitCode)
  call.say('Clone created.')
  call.say(`Clone name: ${clone.name}`)
  for (const mount of clone.mounts) {
    call.say(`Mount point: ${pathOf(mount)}`)
    if (mount.startsWith('/')) continue
    call.say('Mount command (as root, at a directory of your choice):')
    call.say(`mount -t nfs -o rw,bg,hard,nointr,rsize=32768,wsize=32768,tcp,vers=3,timeo=600 ${mount} <directory>`)
  }
  return 0
}

function clone(call: LegacyCall, app: AppContext, database: string, snapshot: string): Promise<number> {
  return makeClone(call, app, database, snapshot, `${snapshot}_clone_${DateTime.fromMillis(app.clock.now(), { zone: 'utc' }).toFormat("yyyyMMdd'T'HHmmss")}`)
}

async function dropClone(call: LegacyCall, app: AppContext, database: string, name: string): Promise<number> {
  const done = await ran(app, ['clone', 'delete', database, name])
  if (resultOf(call, done) !== undefined) call.say('Clone dropped.')
  return legacyExitCode(done.exitCode)
}

async function listClones(call: LegacyCall, app: AppContext, database: string): Promise<number> {
  const { clones, ...done } = await clonesOf(call, app, database)
  const { snapshots, ...listed } = clones.length === 0 ? { snapshots: [], exitCode: 0 } : await snapshotsOf(call, app, database)
  for (const { name, snapshot, mounts } of clones) call.say(`${name} [${snapshots.find(({ id }) => id === snapshot)?.name ?? snapshot}] [mount point: ${mounts.map(pathOf).join(', ')}]`)
  return Math.max(done.exitCode, listed.exitCode)
}

/** The newest snapshot that is old enough, under the fixed name of the configuration. */
async function autoClone(call: LegacyCall, app: AppContext, database: string): Promise<number> {
  const { minSnapshotAgeHours, cloneName } = findDatabase(await app.config(), database).restoreTest
  const { snapshots, exitCode } = await snapshotsOf(call, app, database)
  if (exitCode !== 0) return exitCode
  const newest = snapshots.filter((snapshot) => snapshot.ours && Date.parse(snapshot.createdAt) <= app.clock.now() - minSnapshotAgeHours * 3_600_000).at(-1)
  if (newest === undefined) {
    call.complain(`${database} has no snapshot that is at least ${String(minSnapshotAgeHours)} hours old`)
    return 1
  }
  return makeClone(call, app, database, newest.name, cloneName ?? 'autorestore')
}

const states: Readonly<Record<string, string>> = { valid: 'valid', foreign: 'valid', dropped: 'dropped', failed: 'DROP FAILED', 'has-clones': 'has a clone', held: 'held', expired: 'expired' }

async function clean(call: LegacyCall, app: AppContext, database: string): Promise<number> {
  const done = await ran(app, ['snapshot', 'clean', database])
  const result = resultOf(call, done) as { readonly outcomes: readonly { readonly snapshot: string; readonly createdAt: string; readonly outcome: string; readonly reasons: readonly string[] }[] } | undefined
  for (const { snapshot, createdAt, outcome, reasons } of result?.outcomes ?? []) call.say(`${snapshot} [${utcText(createdAt)} UTC] ${states[outcome] ?? outcome}${outcome === 'valid' ? `: ${reasons.join('; ')}` : ''}`)
  return legacyExitCode(done.exitCode)
}

async function checkAge(call: LegacyCall, app: AppContext, database: string): Promise<number> {
  const { outcome, exitCode } = await ran(app, ['snapshot', 'age', database])
  call.say(outcome?.plain ?? 'UNKNOWN')
  return exitCode
}

const actions: Readonly<Record<string, { readonly what?: string; readonly run: (call: LegacyCall, app: AppContext, database: string, name: string) => Promise<number> }>> = {
  list: { run: list }, create: { run: create }, clone: { what: 'snapshot', run: clone }, dropclone: { what: 'clone', run: dropClone }, listclones: { run: listClones }, autoclone: { run: autoClone }, clean: { run: clean }, checkage: { run: checkAge },
}

/** `zsnapper <db> <action> [name]` */
export const zsnapper: LegacyAction = async (call) => {
  const [database, action = '', name, ...rest] = call.args
  const found = actions[action]
  if (database === undefined || found === undefined || rest.length > 0 || (found.what === undefined) !== (name === undefined)) {
    return usage(call, '<database> <action> [name]', `Actions: ${Object.entries(actions).map(([each, { what }]) => (what === undefined ? each : `${each} <${what}>`)).join(', ')}`)
  }
  return found.run(call, await call.open(usualConfig(call)), database, name ?? '')
}
