import type { DatabaseFacts } from '@icb/monitoring'
import { eachJournal } from '@icb/runtime'

/** How many runs must agree before a warning is one that persists. */
const persistingRuns = 3

/** One backup run that ended. */
interface EndedRun {
  readonly endedAt: number
  readonly ok: boolean
  readonly warnings: readonly string[]
  readonly step?: string
  readonly message?: string
}

/** The last backup runs of every database on this host. */
export type BackupRuns = ReadonlyMap<string, NonNullable<DatabaseFacts['backups']>>

/** Reads the journals of a host, once for all its databases; damaged ones are left out. @throws ICB_JOURNAL_LOCATION */
export async function readBackupRuns(journals: string): Promise<BackupRuns> {
  const runs = new Map<string, EndedRun[]>()
  for await (const { header, records } of eachJournal(journals, { onDamaged: () => undefined })) {
    const end = records.findLast((record) => record.kind === 'end')
    if (header.action !== 'backup' || end === undefined) continue
    const { ok, warnings } = (end.data ?? {}) as { readonly ok?: unknown; readonly warnings?: unknown }
    const failure = records.findLast((record) => record.kind === 'failure')
    const { message } = (failure?.data ?? {}) as { readonly message?: unknown }
    const ended: EndedRun = {
      endedAt: Date.parse(end.at), ok: ok === true, warnings: Array.isArray(warnings) ? warnings.map(String) : [],
      ...(failure?.step === undefined ? {} : { step: failure.step }), ...(typeof message === 'string' ? { message } : {}),
    }
    // Only the newest few are kept.
    runs.set(header.database, [...(runs.get(header.database) ?? []), ended].sort((a, b) => b.endedAt - a.endedAt).slice(0, persistingRuns))
  }
  return new Map([...runs].flatMap(([database, recent]) => {
    const [newest] = recent
    if (newest === undefined) return []
    const { warnings, ...last } = newest
    return [[database, { last, persistingWarnings: recent.length < persistingRuns ? [] : warnings.filter((code) => recent.every((run) => run.warnings.includes(code))), runs: persistingRuns }] as const]
  }))
}
