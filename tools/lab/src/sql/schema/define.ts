import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import { createControlFile } from '../create-control-file.ts'
import { createPfile, createSpfile } from '../parameter-files.ts'
import { programs } from '../programs.ts'
import { unimplemented, type Statement, type StatementHandler } from '../statement.ts'
import { alterTable } from './alter-table.ts'
import { createIndex, dropIndex } from './indexes.ts'
import { alterSequence, createSequence, dropSequence } from './sequences.ts'
import { createSynonym, dropSynonym } from './synonyms.ts'
import { createTable, dropTable } from './tables.ts'
import { alterUser, createRole, createUser, dropRole, dropUser } from './users.ts'
import { createView, dropView } from './views.ts'

const createProgram: StatementHandler = (statement) => programs().create(statement)
const dropProgram: StatementHandler = (statement) => programs().drop(statement)
const compileProgram: StatementHandler = (statement) => programs().compile(statement)
const create: Readonly<Record<string, StatementHandler>> = { PROCEDURE: createProgram, FUNCTION: createProgram, PACKAGE: createProgram, TABLE: createTable, INDEX: createIndex, VIEW: createView, SEQUENCE: createSequence, SYNONYM: createSynonym, USER: createUser, ROLE: createRole, SPFILE: createSpfile, PFILE: createPfile, CONTROLFILE: createControlFile }
const alter: Readonly<Record<string, StatementHandler>> = { TABLE: alterTable, SEQUENCE: alterSequence, USER: alterUser, PROCEDURE: compileProgram, FUNCTION: compileProgram, PACKAGE: compileProgram, VIEW: compileProgram }
const drop: Readonly<Record<string, StatementHandler>> = { TABLE: dropTable, INDEX: dropIndex, VIEW: dropView, SEQUENCE: dropSequence, SYNONYM: dropSynonym, USER: dropUser, ROLE: dropRole, PROCEDURE: dropProgram, FUNCTION: dropProgram, PACKAGE: dropProgram }
/** Words between CREATE and the kind of object. */
const modifiers = ['OR', 'REPLACE', 'EDITIONABLE', 'NONEDITIONABLE', 'FORCE', 'NO', 'PUBLIC', 'UNIQUE']
/** Kinds that Oracle has and this database has not. */
const others = new Set('ANALYTIC AUDIT BITMAP BLOCKCHAIN CLUSTER CONTEXT DATABASE DIMENSION DIRECTORY DISKGROUP EDITION FLASHBACK GLOBAL HIERARCHY IMMUTABLE INDEXTYPE INMEMORY JAVA LIBRARY LOCKDOWN MATERIALIZED MULTIVALUE OPERATOR OUTLINE PLUGGABLE PRIVATE PROFILE PROPERTY RESOURCE RESTORE ROLLBACK SCHEMA SHARDED TEMPORARY TRIGGER TRUE TYPE UNDO BIGFILE SMALLFILE TABLESPACE'.split(' '))

async function dispatch(kinds: Readonly<Record<string, StatementHandler>>, statement: Statement, missing: () => ReturnType<typeof ora>): Promise<SqlResult> {
  const { cursor } = statement
  const words: string[] = []
  while (kinds === create && cursor.isWord(...modifiers)) words.push(cursor.next().value)
  while (kinds === drop && cursor.isWord('PUBLIC')) words.push(cursor.next().value)
  const at = cursor.at
  const { value } = cursor.token
  const handler = cursor.token.kind === 'word' ? kinds[value] : undefined
  if (handler === undefined) throw (others.has(value) ? unimplemented() : missing()).at(at)
  cursor.next()
  return handler({ ...statement, words: [...words, value] })
}

export const createObject: StatementHandler = (statement) => dispatch(create, statement, () => ora(901, 'invalid CREATE command'))
export const alterObject: StatementHandler = (statement) => dispatch(alter, statement, () => ora(940, 'invalid ALTER command'))
export const dropObject: StatementHandler = (statement) => dispatch(drop, statement, () => ora(950, 'invalid DROP option'))
