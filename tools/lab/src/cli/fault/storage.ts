import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type StorageFault, storageFaultsFile } from '../../storage/io-faults.ts'

async function read(labDir: string): Promise<readonly StorageFault[]> {
  return JSON.parse(await readFile(storageFaultsFile(labDir), 'utf8').catch(() => '[]')) as StorageFault[]
}

/** Sets what is wrong with the storage below a path, or with `undefined` nothing any more. Resolves with all faults of the lab. */
export async function setStorageFault(labDir: string, place: string, fault: Omit<StorageFault, 'path'> | undefined): Promise<readonly StorageFault[]> {
  const target = path.resolve(place)
  const faults = [...(await read(labDir)).filter((known) => known.path !== target), ...(fault === undefined ? [] : [{ path: target, ...fault }])]
  const file = storageFaultsFile(labDir)
  if (faults.length === 0) await rm(file, { force: true })
  else {
    // Readers see a whole file, and a new time of change.
    await writeFile(`${file}.${String(process.pid)}`, `${JSON.stringify(faults, undefined, 2)}\n`)
    await rename(`${file}.${String(process.pid)}`, file)
  }
  return faults
}
