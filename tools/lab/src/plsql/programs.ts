import type { Programs } from '../sql/programs.ts'
import { executeBlock } from './execute-block.ts'
import { storedFunction } from './invoke.ts'
import { compileObject, createProgram, dropProgram } from './stored.ts'

/** PL/SQL, as SQL wants it. */
export const plsqlPrograms: Programs = { findFunction: storedFunction, executeBlock, create: createProgram, drop: dropProgram, compile: compileObject }
