import type { Check } from '@icb/runtime'
import { assertRmanOk } from './rman-result.ts'
import type { Rman } from './rman-event.ts'
import { showAllScript } from './script/report.ts'

export interface RmanCheckDependencies {
  readonly rman: Rman
  /** Of the configured database, decimal. */
  readonly dbid: string
}

/**
 * What `doctor` asks of RMAN: the program starts, logs in and is at the right database. SQL may come by another driver and another
 * login, so that it works proves nothing of RMAN. Reads only.
 */
export function checks({ rman, dbid }: RmanCheckDependencies): readonly Check[] {
  return [
    {
      id: 'rman.connect', title: 'RMAN reaches the database', needs: ['oracle.connect'],
      run: async ({ signal }) => {
        let release: string | undefined
        let settings = 0
        const result = await rman.run({
          script: showAllScript(), commandId: 'icb-doctor', deadlineMs: 120_000, signal,
          onEvent: (event) => {
            if (event.type === 'banner') release ??= event.release
            else if (event.type === 'configuration') settings += 1
          },
        })
        assertRmanOk(result, 'SHOW ALL')
        if (result.connected?.dbid !== undefined && result.connected.dbid !== dbid) {
          return { status: 'failed', summary: `RMAN is connected to ${result.connected.name}, DBID ${result.connected.dbid}, not ${dbid}`, advice: 'Correct the alias in tnsnames.ora, or the key dbid.', remedy: 'fix' }
        }
        return { status: 'ok', summary: `release ${release ?? 'unknown'}, ${String(settings)} settings`, details: { settings } }
      },
    },
  ]
}
