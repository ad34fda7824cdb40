import type { LedgerEntry } from '@icb/ledger'
import type { AppContext } from '../../app-context.ts'
import { usageErrors } from '../../errors.ts'
import { ran, usage, usualConfig, utcText } from '../legacy-call.ts'
import type { LegacyAction, LegacyCall } from '../legacy-call.ts'

function mean(values: readonly number[]): string | undefined {
  return values.length === 0 ? undefined : (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1)
}

async function snapshots(call: LegacyCall, app: AppContext, database: string): Promise<void> {
  const { outcome, error } = await ran(app, ['snapshot', 'list', database])
  if (error !== undefined) {
    call.tell(error)
    return
  }
  const ours = (outcome?.result as readonly { readonly snapshot: { readonly createdAt: string; readonly ours: boolean } }[]).filter(({ snapshot }) => snapshot.ours)
  const time = (index: number): string => { const at = ours.at(index)?.snapshot.createdAt; return at === undefined ? 'none' : `${utcText(at)} UTC` }
  call.say(`  Snapshots: ${String(ours.length)}`)
  call.say(`  Newest snapshot: ${time(-1)}`)
  call.say(`  Oldest snapshot: ${time(0)}`)
}

async function restoreTests(call: LegacyCall, app: AppContext, database: string): Promise<void> {
  const { outcome, error } = await ran(app, ['ledger', 'list', database, '--limit', '100000'])
  if (error !== undefined) {
    call.tell(error)
    return
  }
  const tests = (outcome?.result as readonly LedgerEntry[]).flatMap(({ verdict }) => (verdict === undefined || verdict.action === 'restore' ? [] : [verdict]))
  const time = (at: string | undefined): string => (at === undefined ? 'never' : `${utcText(at)} UTC`)
  const passed = tests.filter((test) => test.outcome === 'passed')
  const plain = passed.filter((test) => test.validation?.ran !== true)
  call.say(`  Last successful restore test: ${time(passed[0]?.finishedAt)}`)
  call.say(`  Last failed restore test: ${time(tests.find((test) => test.outcome !== 'passed')?.finishedAt)}`)
  call.say(`  Last validation: ${time(tests.find((test) => test.validation?.ran === true)?.finishedAt)}`)
  call.say(`  Average difference: ${mean(passed.flatMap((test) => test.timeDifferenceSeconds ?? [])) ?? '-'} s`)
  call.say(`  Average restore time without validation: ${mean(plain.map((test) => (Date.parse(test.finishedAt) - Date.parse(test.startedAt)) / 60_000)) ?? '-'} min`)
}

/** `report [db,db]` */
export const report: LegacyAction = async (call) => {
  const [names, ...rest] = call.args
  if (rest.length > 0) return usage(call, '[comma separated list of databases]')
  const app = await call.open(usualConfig(call))
  const all = (await app.config()).databases.map(({ name }) => name)
  const chosen = names === undefined ? all : names.split(',').map((name) => name.trim())
  const unknown = chosen.find((name) => !all.includes(name))
  if (unknown !== undefined) throw usageErrors.ARGUMENT(`the configuration has no database ${unknown}`, { hint: `It has: ${all.join(', ')}` })
  for (const database of chosen) {
    call.say(database)
    await snapshots(call, app, database)
    await restoreTests(call, app, database)
    call.say('')
  }
  return 0
}
