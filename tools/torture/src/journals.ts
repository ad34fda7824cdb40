import { readJournals } from '@icb/runtime'

/** Steps that each run has begun, by run id. */
export async function journalIntents(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const intents = new Map<string, string[]>()
  for (const run of await readJournals(directory)) intents.set(run.runId, run.records.filter((record) => record.kind === 'intent').map((record) => record.step ?? ''))
  return intents
}
