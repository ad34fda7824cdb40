import { Collection } from '../../sql/collection.ts'
import { ora } from '../../engine/ora-error.ts'
import { stateOf } from '../../sql/session-state.ts'
import { defineBuiltin } from '../builtins.ts'
import type { Value } from '../types.ts'

const longestLine = 32767
const outputOf = (call: { run: { session: Parameters<typeof stateOf>[0] } }) => stateOf(call.run.session).output

defineBuiltin('DBMS_OUTPUT.ENABLE', 'BUFFER_SIZE:n?', (call) => { outputOf(call).enabled = true })
defineBuiltin('DBMS_OUTPUT.DISABLE', '', (call) => {
  Object.assign(outputOf(call), { enabled: false, lines: [], partial: undefined })
})
defineBuiltin('DBMS_OUTPUT.PUT', 'A:v', (call) => {
  const output = outputOf(call)
  if (!output.enabled) return
  output.partial = (output.partial ?? '') + (call.text('A') ?? '')
  if (output.partial.length > longestLine) throw ora(20000, 'ORU-10028: line length overflow, limit of 32767 bytes per line')
})
defineBuiltin('DBMS_OUTPUT.NEW_LINE', '', (call) => {
  const output = outputOf(call)
  if (!output.enabled) return
  output.lines.push(output.partial ?? '')
  output.partial = undefined
})
defineBuiltin('DBMS_OUTPUT.PUT_LINE', 'A:v', (call) => {
  const output = outputOf(call)
  if (!output.enabled) return
  const line = (output.partial ?? '') + (call.text('A') ?? '')
  if (line.length > longestLine) throw ora(20000, 'ORU-10028: line length overflow, limit of 32767 bytes per line')
  output.lines.push(line)
  output.partial = undefined
})
defineBuiltin('DBMS_OUTPUT.GET_LINE', 'LINE:v! STATUS:n!', (call) => {
  const line = outputOf(call).lines.shift()
  call.out('LINE', line ?? null)
  call.out('STATUS', line === undefined ? 1n : 0n)
})
defineBuiltin('DBMS_OUTPUT.GET_LINES', 'LINES:a! NUMLINES:n*?', (call) => {
  const { lines } = outputOf(call)
  const taken = lines.splice(0, call.number('NUMLINES') ?? lines.length)
  call.out('LINES', new Collection<Value>(taken.map((line, index) => [index + 1, line])))
  call.out('NUMLINES', BigInt(taken.length))
})
