import { blockScn, isUnlogged } from '../storage/block.ts'
import { RedoCorruption, readRecords, readRedoHeader } from '../storage/redo-log.ts'
import type { RedoOperation, RedoRecord } from '../storage/redo-record.ts'
import type { Datafile } from '../storage/datafile.ts'
import { scanBlocks } from './backup-input.ts'
import { mergeByScn } from './crash-recovery.ts'
import { repeatFileSize } from './file-size.ts'
import { inspectFile, leftThePath, named, needsRecoveryTo } from './file-verification.ts'
import type { RecoverOptions } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { compareReleases } from './mount.ts'
import { isOmf, omfName, remadeName } from './omf.ts'
import { isFuzzy } from './open-database.ts'
import { OraError, ora, rmanError } from './ora-error.ts'
import type { ControlFileData, DatafileRecord } from './records.ts'
import { type PlannedLog, planRecovery } from './recovery-plan.ts'
import { applyRecord } from './redo-apply.ts'
import { createDatafile, creationHeader, guidOf, newDatafileRecord, notCreated } from './structure.ts'

/** A file under recovery. */
interface Target {
  readonly record: DatafileRecord
  /** Highest SCN that may be in a block: below it the file is not consistent. */
  readonly fuzzyTo: bigint
}

/**
 * Media recovery of all online datafiles from the lowest checkpoint in their headers, to the goal or to the end of redo.
 * What could be applied stays applied when a log is missing.
 * @throws OraError RMAN-06094 missing file, RMAN-06556 newer than the goal, RMAN-06054 or ORA-00308 missing log, ORA-01547
 *   stack when files are not consistent at the goal, ORA-00354 damaged log, ORA-00600 [3020] redo and block disagree
 */
export async function recoverDatabase(kernel: Kernel, options: RecoverOptions): Promise<void> {
  const recovery = new Recovery(kernel, options)
  try {
    await recovery.run()
  } finally {
    await recovery.close()
  }
}

class Recovery {
  readonly #kernel: Kernel
  readonly #options: RecoverOptions
  readonly #targets = new Map<number, Target>()
  /** Blocks that redo says were written without it, with the SCN. */
  readonly #unlogged = new Map<string, { readonly file: number; readonly block: number; readonly scn: bigint }>()
  /** Time of the last redo record that was read. */
  #redoTime: number | undefined

  constructor(kernel: Kernel, options: RecoverOptions) {
    this.#kernel = kernel
    this.#options = options
  }

  async run(): Promise<void> {
    const { untilScn, untilTime, onLog, abort } = this.#options
    const from = await this.#open()
    if (from === undefined) return
    const threads = await planRecovery(this.#kernel, from, { untilScn, untilTime })
    for (const { logs } of threads) for (const log of logs) onLog({ name: log.name, thread: log.thread, sequence: log.sequence, phase: 'on-disk' })
    // Redo of several threads is applied in the order of SCNs: a thread that ends too early holds the others back.
    const gap = threads.map((t) => t.gap).filter((g) => g !== undefined).reduce<{ at: bigint; error: OraError } | undefined>((least, g) => (least === undefined || g.at < least.at ? g : least), undefined)
    let reached = from
    let stopped = false
    try {
      await this.#mark()
      for await (const { record } of mergeByScn(threads.map((t) => this.#recordsOf(t.logs)))) {
        abort.throwIfAborted()
        if (gap !== undefined && record.scn >= gap.at) break
        if ((untilScn !== undefined && record.scn >= untilScn) || (untilTime !== undefined && record.time >= untilTime)) {
          reached = record.scn
          stopped = true
          break
        }
        reached = record.scn + 1n
        this.#redoTime = record.time
        if (record.scn < from) continue
        for (const operation of record.operations) await this.#repeat(operation, record)
        await applyRecord(record, this.#kernel.cache, (file) => this.#targets.get(file)?.record, (file, block, buffer) => {
          const key = `${file}.${block}`
          if (!isUnlogged(buffer)) this.#unlogged.delete(key)
          else if (!this.#unlogged.has(key)) this.#unlogged.set(key, { file, block, scn: record.scn })
        })
      }
    } catch (error) {
      await this.#finish(reached, 'broken')
      throw error instanceof OraError && !error.message.startsWith('RMAN') ? new OraError([{ code: 'ORA-00283', text: 'recovery session canceled due to errors' }, ...error.messages]) : error
    }
    if (gap !== undefined && !stopped) {
      await this.#finish(gap.at, 'gap')
      throw gap.error
    }
    const ends = threads.map((t) => t.logs.at(-1))
    if (!stopped) for (const last of ends) if (last?.nextScn != null && last.nextScn > reached) reached = last.nextScn
    if (!stopped && ends.some((last) => last?.nextScn === null)) await this.#finish(this.#endOfRedo(reached), 'complete')
    else await this.#finish(untilScn ?? reached, this.#options.managed !== true && (untilScn !== undefined || untilTime !== undefined) ? 'incomplete' : 'complete')
  }

  /** Where all files stand when all redo is applied: no file may be ahead of it. */
  #endOfRedo(reached: bigint): bigint {
    const { control, files } = this.#kernel
    let end = control.data.type === 'CURRENT' && control.data.checkpointScn > reached ? control.data.checkpointScn : reached
    for (const file of this.#targets.keys()) if (files.get(file).header.checkpointScn > end) end = files.get(file).header.checkpointScn
    return end
  }

  async close(): Promise<void> {
    for (const file of this.#targets.keys()) {
      this.#kernel.cache.drop(file)
      await this.#kernel.files.close(file)
    }
  }

  /** Opens what takes part; the lowest checkpoint, undefined when nothing does. */
  async #open(): Promise<bigint | undefined> {
    const { control, host, files } = this.#kernel
    const { untilScn, untilTime } = this.#options
    let from: bigint | undefined
    const found = []
    for (const record of control.data.datafiles) {
      const until = needsRecoveryTo(record)
      if (until === 'never') continue
      const { header, ...rest } = await inspectFile(host, record, control.data)
      if (header === undefined) throw 'shown' in rest && rest.shown === 'FILE NOT FOUND' ? rmanError(6094, `datafile ${record.file} must be restored`) : (rest as { error: OraError }).error
      if (leftThePath(header, control.data)) throw ora(19909, `datafile ${record.file} belongs to an orphan incarnation`, named(record))
      if (until === 'stop-scn' && record.stopScn !== null && header.checkpointScn >= record.stopScn) continue
      if (untilScn !== undefined && header.checkpointScn > untilScn) throw rmanError(6556, `datafile ${record.file} must be restored from backup older than SCN ${untilScn}`)
      if (untilTime !== undefined && header.checkpointTime > untilTime) throw rmanError(6556, `datafile ${record.file} must be restored from backup older than SCN ${scnOf(this.#kernel, untilTime)}`)
      found.push({ record, header })
      if (from === undefined || header.checkpointScn < from) from = header.checkpointScn
    }
    for (const { record, header } of found) {
      const datafile = await files.open(record.file, record.name, 'r+')
      const inBlocks = header.fuzzy ? await highestScn(datafile, this.#options.abort) : 0n
      this.#targets.set(record.file, { record, fuzzyTo: inBlocks > header.absoluteFuzzyScn ? inBlocks : header.absoluteFuzzyScn })
    }
    return from
  }

  /** Marks the files as being changed, once, before the first block is written. */
  async #mark(): Promise<void> {
    for (const file of this.#targets.keys()) {
      const datafile = this.#kernel.files.get(file)
      if (!datafile.header.fuzzy) await datafile.writeHeader({ ...datafile.header, fuzzy: true })
    }
  }

  /** The records of a thread's logs, one log after the other. */
  async *#recordsOf(logs: readonly PlannedLog[]): AsyncGenerator<{ readonly record: RedoRecord }> {
    const { host, control } = this.#kernel
    for (const log of logs) {
      this.#options.onLog({ name: log.name, thread: log.thread, sequence: log.sequence, phase: 'applied' })
      const real = host.real(log.name)
      const found = await readRedoHeader(real)
      if (found === undefined || found.header.dbid !== control.data.dbid || found.header.sequence !== log.sequence || found.header.firstScn !== log.firstScn || found.header.thread !== log.thread) {
        throw ora(310, `archived log contains sequence ${found?.header.sequence ?? 0}; sequence ${log.sequence} required`, [334, `archived log: '${log.name}'`])
      }
      let last = log.firstScn
      try {
        for await (const { record } of readRecords(real)) {
          last = record.scn
          yield { record }
        }
      } catch (error) {
        if (!(error instanceof RedoCorruption)) throw error
        throw ora(354, 'corrupt redo log block header', [353, `log corruption near block ${error.redoBlock} change ${last}`], [334, `archived log: '${log.name}'`])
      }
    }
  }

  async #repeat(operation: RedoOperation, record: RedoRecord): Promise<void> {
    const { control, files, cache } = this.#kernel
    if (operation.op === 'create-file') await this.#createFile(operation)
    if (operation.op === 'file-size') await repeatFileSize(this.#kernel, operation, record.scn)
    if (operation.op === 'drop-files') {
      const dropped = control.data.datafiles.filter((d) => operation.files.includes(d.file) && d.creationScn < record.scn)
      for (const { file } of dropped) {
        cache.drop(file)
        await files.close(file)
        this.#targets.delete(file)
      }
      if (dropped.length > 0) await control.update((data) => { data.datafiles = data.datafiles.filter((d) => !dropped.some((x) => x.file === d.file)) })
    }
    if (operation.op === 'create-pdb' && control.data.pdbs?.every((p) => p.conId !== operation.pdb.conId) === true) await control.update((data) => { data.pdbs?.push({ ...operation.pdb, savedState: null }) })
    if (operation.op === 'drop-pdb') await control.update((data) => { if (data.pdbs !== undefined) data.pdbs = data.pdbs.filter((p) => p.conId !== operation.conId || p.createScn > record.scn) })
    if (operation.op === 'pdb-use') {
      await control.update((data) => { for (const d of data.datafiles) if (operation.files.includes(d.file)) d.stopScn = operation.inUse ? null : record.scn })
      if (operation.inUse) await this.#include(operation.files)
    }
    if (operation.op === 'read-only') {
      await control.update((data) => {
        for (const d of data.datafiles) if (operation.files.includes(d.file)) Object.assign(d, { enabled: operation.readOnly ? 'READ ONLY' : 'READ WRITE', stopScn: operation.readOnly ? record.scn : null })
      })
      if (!operation.readOnly) await this.#include(operation.files)
    }
  }

  /** Files that rested until this point of the redo take part from here on. */
  async #include(numbers: readonly number[]): Promise<void> {
    const { control, files } = this.#kernel
    for (const record of control.data.datafiles) {
      if (!numbers.includes(record.file) || this.#targets.has(record.file) || needsRecoveryTo(record) === 'never') continue
      const datafile = await files.open(record.file, record.name, 'r+')
      await datafile.writeHeader({ ...datafile.header, fuzzy: true, resetlogsScn: control.data.resetlogsScn, resetlogsId: control.data.resetlogsId })
      this.#targets.set(record.file, { record, fuzzyTo: datafile.header.absoluteFuzzyScn })
    }
  }

  /** A file that was added after the control file was backed up is made anew; redo fills it. */
  async #createFile(operation: Extract<RedoOperation, { op: 'create-file' }>): Promise<void> {
    const { control, host, parameters, files } = this.#kernel
    // A record of that number, of this creation or a later one, means the control file is newer than this redo.
    if (control.data.datafiles.some((d) => d.file === operation.file && d.creationScn >= operation.creationScn)) return
    const wanted = this.#options.newName?.(operation.file)
    const name = typeof wanted === 'object' ? wanted.path : wanted === 'NEW' ? omfName(parameters, 'datafile', operation.tablespace, guidOf(control.data, operation.conId ?? 0)) : remadeName(parameters, operation.name, 'datafile', operation.tablespace, guidOf(control.data, operation.conId ?? 0))
    const record = newDatafileRecord(operation, name)
    let datafile: Datafile
    try {
      datafile = await createDatafile(host.real(name), creationHeader(control.data, record), isOmf(name))
    } catch (error) {
      throw notCreated(name, error)
    }
    await datafile.writeHeader({ ...datafile.header, fuzzy: true })
    files.add(operation.file, datafile)
    await control.update((data) => { data.datafiles.push(record) })
    this.#targets.set(operation.file, { record, fuzzyTo: 0n })
    this.#options.onFileCreated(operation.file, name)
  }

  /**
   * Writes the blocks, then the headers: all files stand at `scn`. After a log that could not be applied to its end blocks may be newer.
   * @throws OraError 01547 when a file is not consistent where recovery was told to stop
   */
  async #finish(scn: bigint, ending: 'complete' | 'incomplete' | 'gap' | 'broken'): Promise<void> {
    const { cache, control, files, host } = this.#kernel
    await cache.flush()
    // A recovered file is as old as the redo it has seen, however late it was recovered.
    const time = this.#options.untilTime ?? this.#redoTime ?? host.now()
    const advanced = new Set<number>()
    for (const [file, { fuzzyTo }] of this.#targets) {
      const datafile = files.get(file)
      const { header } = datafile
      if (host.lab.fsync) await datafile.sync()
      const passed = ending !== 'broken' && fuzzyTo < scn
      if (header.checkpointScn > scn) {
        await datafile.writeHeader({ ...header, fuzzy: !passed })
        continue
      }
      advanced.add(file)
      await datafile.writeHeader({ ...header, checkpointScn: scn, checkpointTime: time, fuzzy: !passed, absoluteFuzzyScn: passed ? 0n : fuzzyTo })
    }
    await control.update((data) => {
      for (const d of data.datafiles) {
        if (!advanced.has(d.file) || (data.type === 'CURRENT' && ending !== 'incomplete' && d.checkpointScn > scn)) continue
        // A control file from later knows the file larger than it is where recovery stopped.
        Object.assign(d, { checkpointScn: scn, checkpointTime: time, blocks: files.get(d.file).header.blocks, ...(d.stopScn === null ? {} : { stopScn: scn }) })
      }
      noteUnlogged(data, [...this.#unlogged.values()])
      if (ending === 'incomplete') data.recoveredToScn = scn
      else if (ending === 'complete' && this.#options.managed !== true) data.recoveredToScn = null
    })
    if (ending !== 'incomplete') return
    for (const file of this.#targets.keys()) {
      const record = control.data.datafiles.find((d) => d.file === file)
      if (record === undefined || !isFuzzy(files.get(file).header)) continue
      throw ora(1547, 'warning: RECOVER succeeded but OPEN RESETLOGS would get error below', [1194, `file ${file} needs more recovery to be consistent`], named(record))
    }
  }
}

/** V$NONLOGGED_BLOCK, which recovery fills from 12.1 on. */
function noteUnlogged(data: ControlFileData, blocks: readonly { readonly file: number; readonly block: number; readonly scn: bigint }[]): void {
  if (compareReleases(data.release, '12.1') < 0) return
  for (const { file, block, scn } of [...blocks].sort((a, b) => a.file - b.file || a.block - b.block)) {
    if (data.corruptions.some((c) => c.file === file && c.block <= block && block < c.block + c.blocks)) continue
    const last = data.corruptions.at(-1)
    if (last?.type === 'NOLOGGING' && last.file === file && last.block + last.blocks === block) last.blocks += 1
    else data.corruptions.push({ file, block, blocks: 1, scn, type: 'NOLOGGING' })
  }
}

/** Highest SCN in any block: for a file that was not closed and whose backup did not note it. */
async function highestScn(datafile: Datafile, signal: AbortSignal): Promise<bigint> {
  let highest = 0n
  for await (const run of scanBlocks(datafile, undefined, 0, signal)) for (const { bytes, defect } of run) if (defect === null && blockScn(bytes) > highest) highest = blockScn(bytes)
  return highest
}

/** About the SCN of a time: that of the log in which it lies. */
function scnOf(kernel: Kernel, time: number): bigint {
  const data = kernel.control.data
  const log = [...data.logHistory, ...data.archivedLogs].find((l) => l.firstTime <= time && time < l.nextTime)
  return log?.firstScn ?? data.checkpointScn
}
