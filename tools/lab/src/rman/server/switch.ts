import { rmanError } from '../../engine/ora-error.ts'
import type { DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'
import { datafilesOf, usableCopies } from './repository.ts'
import { announce } from './work.ts'
import type { Newname, Work } from './work.ts'

/** The datafile becomes a copy and the copy becomes the datafile. Only the control file changes. */
async function exchange(work: Work, pairs: readonly { readonly file: DatafileRecord; readonly copy: DatafileCopyRecord }[]): Promise<void> {
  const { instance } = work
  await instance.updateControlFile((data) => {
    for (const { file, copy } of pairs) {
      const record = data.datafiles.find((candidate) => candidate.file === file.file)
      const taken = data.datafileCopies.find((candidate) => candidate.recid === copy.recid && candidate.stamp === copy.stamp)
      if (record === undefined || taken === undefined) continue
      const now = instance.host.now()
      const previous: DatafileCopyRecord = {
        recid: instance.nextRecid('datafileCopies'), stamp: instance.stamp(now), name: record.name, tag: null, file: record.file, tablespace: record.tablespace, creationScn: record.creationScn, resetlogsScn: data.resetlogsScn,
        incrementalLevel: null, checkpointScn: record.checkpointScn, checkpointTime: record.checkpointTime, absoluteFuzzyScn: 0n, recoveryFuzzyScn: 0n, markedCorrupt: 0, blocks: record.blocks, blockSize: record.blockSize,
        deleted: false, status: 'A', completionTime: now,
      }
      taken.deleted = true
      taken.status = 'D'
      record.name = copy.name
      // A control file that never saw the file grow knows what it was created with.
      if (copy.blocks > record.blocks) record.createdBlocks ??= record.blocks
      record.blocks = copy.blocks
      data.datafileCopies.push(previous)
    }
  })
}

/** SWITCH DATABASE | DATAFILE n TO COPY: to the newest copy of each file. @throws OraError RMAN-06571 before anything is changed */
export async function switchToCopy(work: Work, files: readonly number[] | 'all'): Promise<void> {
  const { instance, emit } = work
  announce(work)
  const data = instance.controlFile
  const chosen = files === 'all' ? data.datafiles : datafilesOf(instance, files)
  if (instance.status === 'OPEN') {
    const busy = chosen.find((file) => file.status === 'SYSTEM' || file.status === 'ONLINE')
    if (busy !== undefined) throw rmanError(6572, `database is open and datafile ${busy.file} is not offline`)
  }
  const pairs = chosen.map((file) => {
    const copy = usableCopies(data, file, null).find((candidate) => candidate.name !== file.name)
    if (copy === undefined) throw rmanError(6571, `datafile ${file.file} does not have recoverable copy`)
    return { file, copy }
  })
  const lines = pairs.map(({ file, copy }) => `datafile ${file.file} switched to datafile copy "${copy.name}"`)
  await exchange(work, pairs)
  for (const line of lines) emit(line)
}

/** SWITCH DATAFILE ALL: to the copies that RESTORE made under SET NEWNAME in this RUN. */
export async function switchDatafileAll(work: Work): Promise<void> {
  const { instance, emit, state } = work
  announce(work)
  const data = instance.controlFile
  const names = state.run?.newnames
  const pairs = data.datafiles.flatMap((file) => {
    if (names?.datafiles.has(file.file) !== true && names?.database == null) return []
    const wanted = names.datafiles.get(file.file)
    const copy = usableCopies(data, file, null).find((candidate) => candidate.name !== file.name && (wanted?.kind !== 'name' || candidate.name === wanted.name))
    return copy === undefined ? [] : [{ file, copy }]
  })
  await exchange(work, pairs)
  for (const { file, copy } of pairs) {
    emit(`datafile ${file.file} switched to datafile copy`)
    emit(`input datafile copy RECID=${copy.recid} STAMP=${copy.stamp} file name=${copy.name}`)
  }
}

function newTempName(work: Work, newname: Newname, tablespace: string): string {
  return newname.kind === 'name' ? newname.name : work.instance.omfName('tempfile', tablespace)
}

/** SWITCH TEMPFILE ALL: the names of SET NEWNAME go into the control file; the files are made when the database opens. */
export async function switchTempfileAll(work: Work): Promise<void> {
  const { instance, emit, state } = work
  announce(work)
  const names = state.run?.newnames
  const renamed = instance.controlFile.tempfiles.flatMap((file) => {
    const newname = names?.tempfiles.get(file.file) ?? names?.database ?? null
    return newname === null ? [] : [{ file: file.file, name: newTempName(work, newname, file.tablespace) }]
  })
  await instance.updateControlFile((data) => {
    for (const { file, name } of renamed) {
      const record = data.tempfiles.find((candidate) => candidate.file === file)
      if (record !== undefined) record.name = name
    }
  })
  for (const { file, name } of renamed) emit(`renamed tempfile ${file} to ${name} in control file`)
}
