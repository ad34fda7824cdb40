import { compileBlock } from './blocks.ts'
import { compileValue } from './expressions.ts'
import { resolveReference } from './references.ts'
import { compileStatements } from './statements.ts'
import type { PartCompilers } from './unit.ts'

export const partCompilers: PartCompilers = { value: compileValue, reference: resolveReference, statements: compileStatements, block: compileBlock }
