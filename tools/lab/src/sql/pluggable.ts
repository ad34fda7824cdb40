import { ora } from '../engine/ora-error.ts'
import type { Container, Instance } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Cursor } from './cursor.ts'
import { unimplemented, type Statement } from './statement.ts'

const invalid = () => ora(922, 'missing or invalid option')
const missingName = () => ora(65000, 'missing or invalid pluggable database name')
const altered: SqlResult = { message: 'Pluggable database altered.' }

/** @throws OraError 65090 when the database is no CDB */
function assertCdb(instance: Instance): void {
  if (instance.status === 'STARTED') throw ora(1507, 'database not mounted')
  if (instance.container === 0) throw ora(65090, 'operation only allowed in a container database')
}

/** The PDBs that a statement names: a list, `ALL`, `ALL EXCEPT …`, or in a PDB itself. The seed takes no part in ALL. */
function named(cursor: Cursor, instance: Instance): { readonly pdbs: readonly Container[]; readonly all: boolean } {
  const pdbs = instance.containers.filter((c) => c.conId > 1)
  const list = (): Container[] => {
    const found: Container[] = []
    do {
      const at = cursor.at
      const name = cursor.identifier(missingName)
      const pdb = pdbs.find((p) => p.name === name)
      if (pdb === undefined) throw ora(65011, `Pluggable database ${name} does not exist.`).at(at)
      found.push(pdb)
    } while (cursor.acceptOperator(','))
    return found
  }
  if (cursor.acceptWords('ALL')) {
    const except = cursor.acceptWords('EXCEPT') ? list().map((p) => p.conId) : []
    return { pdbs: pdbs.filter((p) => p.conId > 2 && !except.includes(p.conId)), all: true }
  }
  if (instance.container > 1 && cursor.isWord('OPEN', 'CLOSE', 'SAVE', 'DISCARD')) return { pdbs: pdbs.filter((p) => p.conId === instance.container), all: false }
  return { pdbs: list(), all: false }
}

/** ALTER PLUGGABLE DATABASE {name, … | ALL [EXCEPT …]} {OPEN [READ ONLY | READ WRITE] [FORCE] | CLOSE [IMMEDIATE] | SAVE STATE | DISCARD STATE} */
export async function alterPluggable({ cursor, instance }: Statement): Promise<SqlResult> {
  assertCdb(instance)
  const { pdbs, all } = named(cursor, instance)
  const modeOf = (pdb: Container): Container['openMode'] => instance.containers.find((c) => c.conId === pdb.conId)?.openMode ?? 'MOUNTED'
  if (cursor.acceptWords('OPEN')) {
    const readOnly = cursor.acceptWords('READ', 'ONLY')
    if (!readOnly) cursor.acceptWords('READ', 'WRITE')
    const force = cursor.acceptWords('FORCE')
    cursor.expectEnd(invalid)
    const database = instance.inContainer(1)
    // Without a mode a PDB opens as its CDB is open.
    const mode = readOnly || (database.openMode === 'READ ONLY' && cursor.text.search(/read\s+write/i) < 0) ? 'READ ONLY' : 'READ WRITE'
    for (const pdb of pdbs) {
      const now = modeOf(pdb)
      if (now === mode && all) continue
      if (force && now !== 'MOUNTED') await instance.closePdb(pdb.conId)
      await instance.openPdb(pdb.conId, mode)
    }
    return altered
  }
  if (cursor.acceptWords('CLOSE')) {
    cursor.acceptWords('IMMEDIATE')
    cursor.expectEnd(invalid)
    for (const pdb of pdbs) if (!all || modeOf(pdb) !== 'MOUNTED') await instance.closePdb(pdb.conId)
    return altered
  }
  const save = cursor.acceptWords('SAVE', 'STATE')
  if (save || cursor.acceptWords('DISCARD', 'STATE')) {
    cursor.expectEnd(invalid)
    for (const pdb of pdbs) await instance.savePdbState(pdb.conId, save)
    return altered
  }
  throw unimplemented().at(cursor.at)
}

/** CREATE PLUGGABLE DATABASE name ADMIN USER user IDENTIFIED BY password: from the seed, with Oracle-managed files. */
export async function createPluggable({ cursor, instance }: Statement): Promise<SqlResult> {
  assertCdb(instance)
  const name = cursor.identifier(missingName)
  if (cursor.isWord('FROM', 'USING', 'AS')) throw unimplemented().at(cursor.at)
  if (!cursor.acceptWords('ADMIN', 'USER')) throw ora(65000, 'missing or invalid pluggable database name').at(cursor.at)
  cursor.identifier(() => ora(1935, 'missing user or role name'))
  if (!cursor.acceptWords('IDENTIFIED', 'BY')) throw ora(1937, 'missing or invalid role name').at(cursor.at)
  cursor.next()
  cursor.expectEnd(invalid)
  await instance.createPdb(name)
  return { message: 'Pluggable database created.' }
}

/** DROP PLUGGABLE DATABASE name [KEEP DATAFILES | INCLUDING DATAFILES] */
export async function dropPluggable({ cursor, instance }: Statement): Promise<SqlResult> {
  assertCdb(instance)
  const { pdbs } = named(cursor, instance)
  const including = cursor.acceptWords('INCLUDING', 'DATAFILES')
  if (!including) cursor.acceptWords('KEEP', 'DATAFILES')
  cursor.expectEnd(invalid)
  for (const pdb of pdbs) await instance.dropPdb(pdb.conId, including)
  return { message: 'Pluggable database dropped.' }
}
