import { listPoints } from '@icb/backup'
import type { ListedPoint } from '@icb/backup'
import type { ProofLedger } from '@icb/ledger'
import { isIcbError } from '@icb/runtime'
import { withDatabase } from '../app-context.ts'
import type { AppContext } from '../app-context.ts'
import type { CommandAction } from '../command.ts'
import { formatBytes } from '../duration.ts'
import { renderTable } from '../table.ts'
import { storageDependencies } from './storage-dependencies.ts'

function row(point: ListedPoint): readonly string[] {
  const { snapshot, entry } = point
  const proof = point.proof === undefined ? '' : `${point.proof.outcome} ${point.proof.at.slice(0, 16)}`
  return [
    snapshot.name,
    snapshot.createdAt.toUTC().toFormat('yyyy-MM-dd HH:mm:ss'),
    snapshot.ours ? point.state : 'foreign',
    entry?.minScn?.toString() ?? '',
    entry?.lastScn?.toString() ?? '',
    point.restorable === undefined ? 'unknown' : point.restorable ? 'yes' : 'no',
    proof,
    snapshot.spaceTotal === undefined ? '' : formatBytes(snapshot.spaceTotal),
    [...(snapshot.hasClones === true ? ['clones'] : []), ...(point.pinned === undefined ? [] : ['pinned']), ...(entry?.remarks ?? [])].join('; '),
  ]
}

/** A list is asked for most when something is down. What is deleted is decided elsewhere, and never without the ledger. */
function withoutProofsWhileAway(app: AppContext, ledger: ProofLedger): ProofLedger {
  return {
    ...ledger,
    list: (filter) =>
      ledger.list(filter).catch((error: unknown) => {
        if (!isIcbError(error) || error.code !== 'ICB_LEDGER_STORE') throw error
        app.warn(error.code, `no proofs are shown: ${error.message}`)
        return []
      }),
  }
}

/** `icb snapshot list <db>` */
export const snapshotList: CommandAction = async (app, [name = '']) =>
  withDatabase(app, name, async (connection) => {
    const { ledger, ...deps } = await storageDependencies(app, connection)
    const points = await listPoints({ ...deps, ...(ledger === undefined ? {} : { ledger: withoutProofsWhileAway(app, ledger) }) })
    for (const line of renderTable(['SNAPSHOT', 'CREATED (UTC)', 'STATE', 'MIN SCN', 'LAST SCN', 'RESTORABLE', 'PROOF', 'SIZE', 'REMARKS'], points.map(row))) app.print(line)
    return { schema: 'snapshot-list/1', result: points.map((point) => ({ ...point, snapshot: { ...point.snapshot, createdAt: point.snapshot.createdAt.toUTC().toISO() } })) }
  })
