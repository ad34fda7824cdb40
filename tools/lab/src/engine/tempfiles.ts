import { access } from 'node:fs/promises'
import { createFile } from '../storage/file-io.ts'
import type { Kernel } from './kernel.ts'
import { isOmf, newFileName, omfName } from './omf.ts'
import { OraError, ora } from './ora-error.ts'
import { guidOf, notCreated } from './structure.ts'

/** Bytes of a block of a tempfile. */
const BLOCK = 8192

async function create({ host }: Kernel, name: string, blocks: number): Promise<void> {
  const handle = await createFile(host.real(name), { parents: isOmf(name) })
  try {
    await handle.truncate((blocks + 1) * BLOCK)
  } finally {
    await handle.close()
  }
}

/** Missing tempfiles are made again where they are recorded, or below db_create_file_dest when Oracle named them. */
export async function openTempfiles(kernel: Kernel, mustSucceed: boolean): Promise<void> {
  const { control, host, parameters } = kernel
  for (const temp of control.data.tempfiles) {
    const exists = await access(host.real(temp.name)).then(() => true, () => false)
    if (exists) continue
    try {
      const name = isOmf(temp.name) && parameters.get('db_create_file_dest') !== '' ? omfName(parameters, 'tempfile', temp.tablespace, guidOf(control.data, temp.conId ?? 0)) : temp.name
      await create(kernel, name, temp.blocks)
      if (name !== temp.name) await control.update((d) => { for (const t of d.tempfiles) if (t.file === temp.file) t.name = name })
      kernel.alert(`Re-creating tempfile ${name}`)
    } catch (error) {
      kernel.alert(`ORA-01157: cannot identify/lock data file ${temp.file} - tempfile ${temp.name}`)
      if (mustSucceed && error instanceof OraError) kernel.alert(error.message)
    }
  }
}

/** ALTER TABLESPACE … ADD TEMPFILE. @throws OraError 01537 (part of the database), 01119 with 27038 (there already, without REUSE) or 27040 */
export async function addTempfile(kernel: Kernel, conId: number, tablespace: string, { path, bytes, reuse }: { readonly path: string | undefined; readonly bytes: number; readonly reuse?: boolean }): Promise<void> {
  const { control, parameters, host } = kernel
  const guid = guidOf(control.data, conId)
  const name = path === undefined ? omfName(parameters, 'tempfile', tablespace, guid) : newFileName(parameters, path, 'tempfile', tablespace, guid)
  if (control.data.tempfiles.some((file) => file.name === name)) throw ora(1537, `cannot add file '${name}' - file already part of database`)
  if (reuse !== true && (await access(host.real(name)).then(() => true, () => false))) throw ora(1119, `error in creating database file '${name}'`, [27038, 'created file already exists'])
  const blocks = Math.max(16, Math.floor(bytes / BLOCK))
  try {
    await create(kernel, name, blocks)
  } catch (error) {
    throw notCreated(name, error)
  }
  await control.update((data) => {
    const file = Math.max(0, ...data.tempfiles.map((other) => other.file)) + 1
    data.tempfiles.push({ file, name, tablespace, blocks, ...(conId === 0 ? {} : { conId }) })
  })
}
