import type { IcbDocument } from '@icb/testing'
import { forbiddenInSandbox, forbiddenOnProd, isMerge } from './forbidden.ts'
import { leftOver, lost } from './findings.ts'
import type { Finding } from './findings.ts'
import { findLeftovers } from './leftovers.ts'
import { outcomeOf, reasonsOf } from './outcome.ts'
import { listPoints } from './points.ts'
import type { ListedPoint, PointAudit } from './points.ts'
import type { Random } from './random.ts'
import type { Restoration } from './restoration.ts'
import { compareRestored } from './restored.ts'
import { serve } from './serve.ts'
import type { Stand } from './stand.ts'

export interface CycleReport {
  readonly findings: readonly Finding[]
  /** The point that was restored. */
  readonly restored?: string
}

/**
 * The next normal day after whatever happened: backup, retention, and a restore test of a point chosen by the seed. Nobody
 * repairs anything between; the product has to come back by itself. Then everything is audited.
 * @param restoration stands or was interrupted; removed after the backup, as somebody has seen what he wanted to see
 */
export async function normalCycle(stand: Stand, audit: PointAudit, random: Random, restoration?: Restoration): Promise<CycleReport> {
  const { stage, doors } = stand
  const findings: Finding[] = []
  const converge = (document: IcbDocument, what: string): void => {
    if (!document.ok) findings.push(leftOver(`the next ${what} failed: ${document.error?.code ?? ''} ${document.error?.message ?? JSON.stringify(document.result)}`))
  }
  await stand.work({ transactions: 3 + random.below(10) })
  doors.prod.onCall = async (call) => {
    findings.push(...(await forbiddenOnProd(stand, call)))
    // Until here RMAN's work of the day before may have been slow.
    if (isMerge(call)) await stand.quicken()
    return serve(stage.labDirectory, 'prod', call)
  }
  audit.noteArea()
  converge(await stage.icbJson('prod', ['backup', stage.database]), 'backup')
  stand.serveCalls('prod')
  // Retention is a part of the backup; the command of its own is tried now and then.
  if (random.fraction() < 0.3) converge(await stage.icbJson('prod', ['snapshot', 'clean', stage.database]), 'snapshot clean')
  const points = await listPoints(stand)
  findings.push(...(await audit.audit(points)))
  await restoration?.remove()
  const candidates = points.filter((point) => point.restorable === true)
  if (points.findLast((point) => point.ours)?.restorable !== true) findings.push(lost('the snapshot of a good backup is no recovery point'))
  if (candidates.length === 0) return { findings: [...findings, lost('there is no recovery point left')] }
  const chosen = random.pick(candidates)
  findings.push(...(await restore(stand, chosen)))
  findings.push(...(await findLeftovers(stand)))
  return { findings, restored: chosen.name }
}

/** The product restores a point; before it lets go of the instance, what it restored is compared with the truth. */
async function restore(stand: Stand, point: ListedPoint): Promise<readonly Finding[]> {
  const { stage, doors } = stand
  const findings: Finding[] = []
  let compared = 0
  let opened = false
  doors.sandbox.onCall = async (call) => {
    if (call.program === 'sqlplus' && /^\s*alter database open/m.test(call.script)) opened = true
    // Before that, an instance of an earlier test may be ended.
    if (opened && call.program === 'sqlplus' && /^shutdown abort/m.test(call.script)) {
      const found = await compareRestored(stand, point.lastScn ?? 0n)
      compared += found.files
      findings.push(...found.problems.map((problem) => lost(`${point.name} restored: ${problem}`)))
    }
    findings.push(...(await forbiddenInSandbox(stand, call)))
    return serve(stage.labDirectory, 'sandbox', call)
  }
  try {
    const document = await stage.icbJson('sandbox', ['restore-test', stage.database, '--snapshot', point.name])
    const outcome = outcomeOf(document)
    if (outcome !== 'passed') findings.push(lost(`the restore test of ${point.name} ended ${outcome ?? 'without a verdict'}: ${reasonsOf(document)}`))
    else if (compared === 0) findings.push(lost(`the restore test of ${point.name} passed, and no restored file was there to compare`))
  } finally {
    stand.serveCalls('sandbox')
  }
  return findings
}
