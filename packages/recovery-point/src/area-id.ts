import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createFileOnce } from '@icb/runtime'
import { readAreaFile, storing } from './area-file.ts'
import { pointErrors } from './errors.ts'

function pathOf(areaPath: string): string {
  return join(areaPath, '.icb', 'area-id')
}

/** The identity of a backup area; `undefined` when it is not mounted or was never used. @throws ICB_POINT_AREA_ID, ICB_POINT_STORE */
export async function readAreaId(areaPath: string): Promise<string | undefined> {
  const path = pathOf(areaPath)
  const content = await readAreaFile(path, 4096)
  if (content === undefined) return undefined
  const id = content.toString('utf8').trim()
  if (!/^[0-9A-Za-z-]{8,64}$/.test(id)) {
    throw pointErrors.errors.AREA_ID(`${path} does not hold an area id`, { hint: 'Write the areaId of its icb-manifest.json into it; remove it if the area is empty.', details: { path } })
  }
  return id
}

export interface AreaIdentity {
  readonly areaId: string
  /** True when this call made it. */
  readonly created: boolean
}

/**
 * The identity of a backup area, made on first use, once whoever calls. The area itself must exist: one that is not mounted must not
 * appear on the root file system.
 * @throws ICB_POINT_AREA_ID, ICB_POINT_STORE
 */
export async function ensureAreaId(areaPath: string): Promise<AreaIdentity> {
  const present = await readAreaId(areaPath)
  if (present !== undefined) return { areaId: present, created: false }
  const path = pathOf(areaPath)
  const areaId = randomUUID()
  const created = await storing(path, 'made', async () => {
    await mkdir(dirname(path)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    })
    return createFileOnce(path, `${areaId}\n`)
  })
  if (created) return { areaId, created }
  const other = await readAreaId(areaPath)
  if (other === undefined) throw pointErrors.errors.AREA_ID(`${path} was there and is gone`, { hint: 'Somebody else works in this area: look who.', details: { path } })
  return { areaId: other, created: false }
}
