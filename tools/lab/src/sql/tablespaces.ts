import { ora } from '../engine/ora-error.ts'
import type { AutoextendSpec, DatafileSpec, Instance } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Cursor } from './cursor.ts'
import { parseSize, unimplemented, type Statement } from './statement.ts'

interface FileSpecification extends DatafileSpec {
  /** Of a tempfile: one that is there is written over. */
  readonly reuse?: boolean
}

/** AUTOEXTEND OFF | ON [NEXT n] [MAXSIZE UNLIMITED | n]; `undefined` when it is not there, `null` for OFF. */
export function parseAutoextend(cursor: Cursor): AutoextendSpec | null | undefined {
  if (!cursor.acceptWords('AUTOEXTEND')) return undefined
  if (cursor.acceptWords('OFF')) return null
  cursor.expectWord('ON')
  const next = cursor.acceptWords('NEXT') ? parseSize(cursor) : 0
  const max = !cursor.acceptWords('MAXSIZE') || cursor.acceptWords('UNLIMITED') ? null : parseSize(cursor)
  return { next, max }
}

/** Oracle-managed files have 100 MB unless said otherwise. */
const managedSize = 100 * 1024 ** 2

function parseFiles(cursor: Cursor, temporary = false): FileSpecification[] {
  const files: FileSpecification[] = []
  do {
    const path = cursor.token.kind === 'string' ? cursor.next().value : undefined
    const sized = cursor.acceptWords('SIZE')
    if (!sized && path !== undefined) throw ora(1119, `error in creating database file '${path}'`).at(cursor.at)
    const bytes = sized ? parseSize(cursor) : managedSize
    if (temporary) files.push({ path, bytes, reuse: cursor.acceptWords('REUSE') })
    else {
      const autoextend = parseAutoextend(cursor) ?? null
      files.push({ path, bytes, ...(autoextend === null ? {} : { autoextend }) })
    }
    if (cursor.isWord('REUSE') || (temporary && cursor.isWord('AUTOEXTEND'))) throw unimplemented().at(cursor.at)
  } while (cursor.acceptOperator(','))
  return files
}

function assertExists(instance: Instance, name: string): void {
  if (instance.status !== 'OPEN') throw ora(1109, 'database not open')
  if (![...instance.controlFile.datafiles, ...instance.controlFile.tempfiles].some((file) => file.tablespace === name && (file.conId ?? 0) === instance.container)) throw ora(959, `tablespace '${name}' does not exist`)
}

const invalidName = () => ora(2216, 'tablespace name expected')

/** [USING 'AES256'] [ENCRYPT], or as releases before 12.2 want it: DEFAULT STORAGE (ENCRYPT). ENCRYPTION is read. */
function parseEncryption(cursor: Cursor): void {
  if (cursor.acceptWords('USING') && !/^AES(128|192|256)$/i.test(cursor.string(() => ora(28339, 'missing or invalid encryption algorithm')))) throw ora(28339, 'missing or invalid encryption algorithm').at(cursor.at)
  if (cursor.acceptWords('DEFAULT', 'STORAGE')) {
    cursor.expectOperator('(', () => ora(906, 'missing left parenthesis'))
    cursor.expectWord('ENCRYPT')
    cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  } else cursor.acceptWords('ENCRYPT')
}

/** `8192`, `16K`; only the sizes that Oracle knows. */
function parseBlockSize(cursor: Cursor): number {
  const size = parseSize(cursor)
  if (![2, 4, 8, 16, 32].includes(size / 1024)) throw ora(25157, `Specified block size ${size} is not valid`).at(cursor.at)
  return size
}

/**
 * CREATE TABLESPACE name DATAFILE [file] [SIZE n] [, …], then in any order BLOCKSIZE n, ENCRYPTION …, and what is the default anyway:
 * LOGGING, ONLINE, EXTENT MANAGEMENT LOCAL [AUTOALLOCATE], SEGMENT SPACE MANAGEMENT MANUAL.
 */
export async function createTablespace({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(invalidName)
  const files = cursor.acceptWords('DATAFILE') ? parseFiles(cursor) : [{ path: undefined, bytes: managedSize }]
  let encrypted = false
  let blockSize: number | undefined
  for (;;) {
    if (cursor.acceptWords('ENCRYPTION')) {
      parseEncryption(cursor)
      encrypted = true
    } else if (cursor.acceptWords('BLOCKSIZE')) blockSize = parseBlockSize(cursor)
    else if (cursor.acceptWords('EXTENT', 'MANAGEMENT', 'LOCAL')) cursor.acceptWords('AUTOALLOCATE')
    else if (!cursor.acceptWords('LOGGING') && !cursor.acceptWords('ONLINE') && !cursor.acceptWords('SEGMENT', 'SPACE', 'MANAGEMENT', 'MANUAL')) break
  }
  if (cursor.isWord('UNIFORM', 'SEGMENT', 'DEFAULT', 'NOLOGGING', 'OFFLINE', 'FORCE', 'FLASHBACK', 'MINIMUM')) throw unimplemented().at(cursor.at)
  cursor.expectEnd(() => ora(2180, 'invalid option for CREATE TABLESPACE'))
  if (instance.status !== 'OPEN') throw ora(1109, 'database not open')
  if (instance.controlFile.datafiles.some((file) => file.tablespace === name && (file.conId ?? 0) === instance.container)) throw ora(1543, `tablespace '${name}' already exists`)
  await instance.createTablespace(name, files, ...(encrypted || blockSize !== undefined ? [{ encrypted, blockSize }] : []))
  return { message: 'Tablespace created.' }
}

/** DROP TABLESPACE name [INCLUDING CONTENTS [AND DATAFILES]] */
export async function dropTablespace({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(invalidName)
  const contents = cursor.acceptWords('INCLUDING', 'CONTENTS')
  const datafiles = contents && cursor.acceptWords('AND', 'DATAFILES')
  cursor.expectEnd(() => ora(2173, 'invalid option for DROP TABLESPACE'))
  assertExists(instance, name)
  if (!contents && instance.tables().some((table) => table.tablespace === name)) throw ora(1549, 'tablespace not empty, use INCLUDING CONTENTS option')
  const managed = instance.controlFile.datafiles.filter((file) => file.tablespace === name && (file.conId ?? 0) === instance.container).every((file) => /\/o1_mf_[^/]*_\.(dbf|tmp)$/.test(file.name))
  await instance.dropTablespace(name, { includingDatafiles: datafiles || managed })
  return { message: 'Tablespace dropped.' }
}

/** Of a temporary tablespace the control file knows the files alone: without any, the one that every database has is TEMP. */
async function addTempfiles(instance: Instance, name: string, files: readonly FileSpecification[]): Promise<void> {
  if (name !== 'TEMP') assertExists(instance, name)
  if (instance.controlFile.datafiles.some((file) => file.tablespace === name && (file.conId ?? 0) === instance.container)) throw ora(3217, 'invalid option for alter of TEMPORARY TABLESPACE')
  for (const file of files) await instance.addTempfile(name, file)
}

/** ALTER TABLESPACE name ADD TEMPFILE … | ADD DATAFILE … | READ ONLY | READ WRITE */
export async function alterTablespace({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(invalidName)
  const invalid = () => ora(2142, 'missing or invalid ALTER TABLESPACE option')
  let action: () => Promise<void>
  if (cursor.acceptWords('ADD', 'DATAFILE')) {
    const files = parseFiles(cursor)
    action = async () => {
      for (const file of files) await instance.addDatafile(name, file)
    }
  } else if (cursor.acceptWords('ADD', 'TEMPFILE')) {
    const files = parseFiles(cursor, true)
    cursor.expectEnd(invalid)
    await addTempfiles(instance, name, files)
    return { message: 'Tablespace altered.' }
  } else if (cursor.acceptWords('READ', 'ONLY')) action = () => instance.setTablespaceReadOnly(name, true)
  else if (cursor.acceptWords('READ', 'WRITE')) action = () => instance.setTablespaceReadOnly(name, false)
  else if (cursor.isWord('BEGIN', 'END', 'ADD', 'ONLINE', 'OFFLINE', 'RENAME', 'DROP', 'RESIZE', 'AUTOEXTEND')) throw unimplemented().at(cursor.at)
  else throw invalid().at(cursor.at)
  cursor.expectEnd(invalid)
  assertExists(instance, name)
  await action()
  return { message: 'Tablespace altered.' }
}
