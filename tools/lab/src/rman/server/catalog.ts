import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { FileIdentity, Instance } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { ControlFileData } from '../../engine/records.ts'
import type { Command } from '../grammar/ast.ts'
import type { RmanReply } from '../request.ts'
import { announce } from './work.ts'
import type { Work } from './work.ts'

/** Files whose path begins with a prefix, directories below it included, in the order the directories have them. */
async function filesWithPrefix(work: Work, prefix: string): Promise<string[]> {
  const { host } = work.instance
  const found: string[] = []
  const walk = async (directory: string): Promise<void> => {
    const entries = await readdir(host.real(directory), { withFileTypes: true }).catch(() => [])
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path.join(directory, entry.name)
      // A directory matters when it is below the prefix or on the way to it.
      if (entry.isDirectory()) {
        if (name.startsWith(prefix) || prefix.startsWith(`${name}/`)) await walk(name)
      } else if (entry.isFile() && name.startsWith(prefix)) found.push(name)
    }
  }
  await walk(prefix.endsWith('/') ? path.dirname(`${prefix}x`) : path.dirname(prefix))
  return found
}

function known(data: ControlFileData, name: string): boolean {
  return (
    data.datafiles.some((file) => file.name === name) ||
    data.datafileCopies.some((copy) => copy.name === name && !copy.deleted) ||
    data.archivedLogs.some((log) => log.name === name && !log.deleted) ||
    data.backupPieces.some((piece) => piece.handle === name && !piece.deleted && piece.status !== 'U')
  )
}

/** CATALOG START WITH: every file is told by its header, not by its name. */
export async function catalogStartWith(work: Work, command: Extract<Command, { kind: 'catalog-start-with' }>): Promise<RmanReply> {
  const { emit, instance } = work
  const first = work.answer === null
  announce(work)
  const unknown = (await filesWithPrefix(work, command.prefix)).filter((name) => !known(instance.controlFile, name))
  if (first) {
    emit(`searching for all files that match the pattern ${command.prefix}`)
    if (unknown.length === 0) {
      emit('no files found to be unknown to the database')
      return { question: null }
    }
    emit('')
    emit('List of Files Unknown to the Database')
    emit('=====================================')
    for (const name of unknown) emit(`File Name: ${name}`)
  }
  if (!command.noprompt && work.answer !== true) return { question: first ? 'Do you really want to catalog the above files (enter YES or NO)?' : null }
  emit('cataloging files...')
  const done: string[] = []
  const refused: { readonly name: string; readonly reason: string }[] = []
  for (const name of unknown) {
    const reason = await catalogOne(work, name)
    if (reason === null) done.push(name)
    else refused.push({ name, reason })
  }
  emit('cataloging done')
  if (done.length > 0) {
    emit('')
    emit('List of Cataloged Files')
    emit('=======================')
    for (const name of done) emit(`File Name: ${name}`)
  }
  if (refused.length > 0) {
    emit('')
    emit('List of Files Which Were Not Cataloged')
    emit('=======================================')
    for (const { name, reason } of refused) {
      emit(`File Name: ${name}`)
      emit(`  ${reason}`)
    }
  }
  return { question: null }
}

/** Enters a file by what its header says; the reason when it cannot be. */
async function catalogOne(work: Work, name: string): Promise<string | null> {
  const { instance } = work
  const identity = await instance.identifyFile(name)
  if (identity.kind === 'unreadable') return 'RMAN-07517: Reason: The file header is corrupted'
  const { dbid } = instance.controlFile
  if (identity.dbid !== dbid) return `RMAN-07518: Reason: Foreign database file DBID: ${identity.dbid}  Database Name: ${foreignName(identity)}`
  await enter(work, name, identity)
  return null
}

function foreignName(identity: FileIdentity): string {
  return 'dbName' in identity && typeof identity.dbName === 'string' ? identity.dbName : ''
}

async function enter(work: Work, name: string, identity: Exclude<FileIdentity, { kind: 'unreadable' }>): Promise<void> {
  const { instance } = work
  const now = instance.host.now()
  await instance.updateControlFile((data) => {
    switch (identity.kind) {
      case 'datafile-copy':
        data.datafileCopies.push({ ...identity.record, name, recid: instance.nextRecid('datafileCopies'), stamp: instance.stamp(now), deleted: false, status: 'A' })
        break
      case 'archived-log':
        data.archivedLogs.push({ ...identity.record, name, recid: instance.nextRecid('archivedLogs'), stamp: instance.stamp(now), destId: 0, deleted: false, status: 'A' })
        break
      case 'backup-piece':
        enterPiece(instance, data, name, identity)
        break
      case 'control-file': {
        const { record } = identity
        data.datafileCopies.push({ ...record, name, recid: instance.nextRecid('datafileCopies'), stamp: instance.stamp(now), deleted: false, status: 'A' })
      }
    }
  })
}

/** A piece, with its set if that is not known yet, and what its directory says of files and logs. */
function enterPiece(instance: Instance, data: ControlFileData, name: string, identity: Extract<FileIdentity, { kind: 'backup-piece' }>): void {
  const { contains, datafiles, logs, created } = identity
  let set = data.backupSets.find((candidate) => candidate.stamp === identity.setStamp && candidate.setCount === identity.setCount)
  if (set === undefined) {
    const level = contains.includes('incremental') ? 1 : (datafiles[0]?.level ?? null)
    const [first] = datafiles
    set = {
      recid: instance.nextRecid('backupSets'), stamp: identity.setStamp, setCount: identity.setCount, pieces: first?.section?.count ?? 1, ...(first?.section === undefined ? {} : { multiSection: true as const }),
      type: contains.includes('archivelog') ? 'L' : level === null ? 'D' : 'I', incrementalLevel: level, controlfileIncluded: contains.includes('controlfile'), spfileIncluded: contains.includes('spfile'), startTime: created, completionTime: created,
    }
    data.backupSets.push(set)
  }
  const setRecid = set.recid
  const inSet = data.backupDatafiles.filter((record) => record.setRecid === setRecid)
  for (const { file, level, incrementalScn, blocksWritten, section, header } of datafiles) {
    const known = inSet.find((record) => record.file === file)
    if (known !== undefined) {
      if (header.absoluteFuzzyScn > known.absoluteFuzzyScn) known.absoluteFuzzyScn = header.absoluteFuzzyScn
      continue
    }
    data.backupDatafiles.push({
      recid: instance.nextRecid('backupDatafiles'), setRecid, file, creationScn: header.creationScn, resetlogsScn: header.resetlogsScn, incrementalLevel: level, incrementalScn, checkpointScn: header.checkpointScn, checkpointTime: header.checkpointTime,
      absoluteFuzzyScn: header.absoluteFuzzyScn, sectionBlocks: section === undefined ? 0 : section.to - section.from + 1, datafileBlocks: header.blocks, blocksWritten, blocksRead: header.blocks, usedChangeTracking: false, completionTime: created,
    })
  }
  for (const log of logs) {
    const { thread, sequence, resetlogsScn, resetlogsId, firstScn, firstTime, nextScn, nextTime, bytes } = log
    if (nextScn === null || data.backupRedologs.some((record) => record.setRecid === setRecid && record.thread === thread && record.sequence === sequence)) continue
    data.backupRedologs.push({ recid: instance.nextRecid('backupRedologs'), setRecid, thread, sequence, resetlogsScn, resetlogsId, firstScn, firstTime, nextScn, nextTime: nextTime ?? firstTime, blocks: Math.ceil((bytes ?? 0) / 512) - 1, blockSize: 512 })
  }
  const now = instance.host.now()
  data.backupPieces.push({ recid: instance.nextRecid('backupPieces'), stamp: instance.stamp(now), setRecid, piece: identity.piece, handle: name, tag: identity.tag, bytes: identity.bytes, status: 'A', deleted: false, completionTime: created })
}

const kinds = { datafilecopy: 'datafile-copy', archivelog: 'archived-log', backuppiece: 'backup-piece', controlfilecopy: 'control-file' } as const
const labels = { datafilecopy: 'datafile copy', archivelog: 'archived log', backuppiece: 'backup piece', controlfilecopy: 'control file copy' } as const

/** CATALOG DATAFILECOPY | ARCHIVELOG | BACKUPPIECE | CONTROLFILECOPY by name. */
export async function catalogFiles(work: Work, command: Extract<Command, { kind: 'catalog-files' }>): Promise<void> {
  const { emit, instance } = work
  announce(work)
  for (const name of command.names) {
    const identity = (await instance.fileExists(name)) ? await instance.identifyFile(name) : null
    if (identity?.kind !== kinds[command.what] || identity.dbid !== instance.controlFile.dbid) {
      throw ora(19505, `failed to identify file "${name}"`)
    }
    await enter(work, name, identity)
    emit(`cataloged ${labels[command.what]}`)
    const data = instance.controlFile
    const record = command.what === 'archivelog' ? data.archivedLogs.at(-1) : command.what === 'backuppiece' ? data.backupPieces.at(-1) : data.datafileCopies.at(-1)
    const label = { datafilecopy: 'datafile copy file name', archivelog: 'archived log file name', backuppiece: 'backup piece handle', controlfilecopy: 'control file copy file name' }[command.what]
    emit(`${label}=${name}${record === undefined ? '' : ` RECID=${record.recid} STAMP=${record.stamp}`}`)
  }
}
