import { rmanError } from '../../engine/ora-error.ts'
import { announce } from './work.ts'
import type { Work } from './work.ts'

/**
 * RESET DATABASE TO INCARNATION: recovery then follows the redo of that incarnation and its ancestors; what came of it later
 * is another branch. @throws OraError RMAN-06188 when the database is open, RMAN-20003 for an unknown number
 */
export async function resetDatabase(work: Work, number: number): Promise<void> {
  const { instance, emit } = work
  announce(work)
  if (instance.status === 'OPEN') throw rmanError(6188, 'cannot use command when target database is open')
  const chosen = instance.controlFile.incarnations.find((i) => i.incarnation === number)
  if (chosen === undefined) throw rmanError(20003, 'target database incarnation not found in recovery catalog')
  await instance.updateControlFile((data) => {
    for (const one of data.incarnations) one.status = one.incarnation === number ? 'CURRENT' : one.resetlogsScn < chosen.resetlogsScn && one.status !== 'ORPHAN' ? 'PARENT' : 'ORPHAN'
    Object.assign(data, { resetlogsScn: chosen.resetlogsScn, resetlogsId: chosen.resetlogsId, resetlogsTime: chosen.resetlogsTime })
  })
  emit(`database reset to incarnation ${number}`)
}
