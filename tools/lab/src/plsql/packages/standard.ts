import { setTimeout as sleep } from 'node:timers/promises'
import { ora, OraError } from '../../engine/ora-error.ts'
import { defineBuiltin, type BuiltinArguments } from '../builtins.ts'
import { errorText, valueError } from '../errors.ts'
import { backtrace } from '../frame.ts'

/** Sleeps until the time is over or the session ends. */
async function pause(call: BuiltinArguments): Promise<undefined> {
  const seconds = call.number('SECONDS')
  if (seconds === null || seconds < 0) throw valueError()
  const { abort: killed, interrupt } = call.run.session
  const abort = interrupt === undefined ? killed : AbortSignal.any([killed, interrupt])
  try {
    await sleep(seconds * 1000, undefined, { signal: abort })
  } catch (error) {
    throw abort.reason instanceof OraError ? abort.reason : error
  }
}

defineBuiltin('DBMS_LOCK.SLEEP', 'SECONDS:n', pause)
defineBuiltin('DBMS_SESSION.SLEEP', 'SECONDS:n', pause)
defineBuiltin('RAISE_APPLICATION_ERROR', 'NUM:n MSG:v KEEPERRORSTACK:b?', (call) => {
  const number = call.number('NUM') ?? 0
  if (number > -20000 || number < -20999) throw ora(21000, `error number argument to raise_application_error of ${String(number)} is out of range`)
  const kept = call.value('KEEPERRORSTACK') === 1n ? (call.run.handling.at(-1)?.messages ?? []) : []
  throw new OraError([{ code: `ORA-${String(-number)}`, text: call.text('MSG') ?? '' }, ...kept])
})
defineBuiltin('DBMS_UTILITY.GET_TIME', '', ({ run }) => BigInt(Math.floor(run.instance.host.now() / 10) % 2147483647), 'n')
defineBuiltin('DBMS_UTILITY.FORMAT_ERROR_STACK', '', ({ run }) => { const error = run.handling.at(-1); return error === undefined ? null : `${errorText(error)}\n` }, 'v')
defineBuiltin('DBMS_UTILITY.FORMAT_ERROR_BACKTRACE', '', ({ run }) => { const error = run.handling.at(-1); return error === undefined ? null : `${backtrace(error).map((line) => `ORA-06512: ${line}`).join('\n')}\n` }, 'v')
defineBuiltin('DBMS_APPLICATION_INFO.SET_MODULE', 'MODULE_NAME:v ACTION_NAME:v', (call) => {
  call.run.session.module = call.text('MODULE_NAME')
  call.run.session.action = call.text('ACTION_NAME')
})
defineBuiltin('DBMS_APPLICATION_INFO.SET_ACTION', 'ACTION_NAME:v', (call) => { call.run.session.action = call.text('ACTION_NAME') })
defineBuiltin('DBMS_SESSION.SET_IDENTIFIER', 'CLIENT_ID:v', (call) => { call.run.session.clientIdentifier = call.text('CLIENT_ID') })
defineBuiltin('DBMS_SESSION.CLEAR_IDENTIFIER', '', (call) => { call.run.session.clientIdentifier = null })
defineBuiltin('DBMS_APPLICATION_INFO.SET_CLIENT_INFO', 'CLIENT_INFO:v', (call) => { call.run.session.clientInfo = call.text('CLIENT_INFO') })
defineBuiltin('DBMS_RANDOM.VALUE', 'LOW:n? HIGH:n?', (call) => {
  const low = call.number('LOW') ?? 0
  return low + Math.random() * ((call.number('HIGH') ?? 1) - low)
}, 'n')
defineBuiltin('DBMS_RANDOM.STRING', 'OPT:v LEN:n', (call) => {
  const letters = { U: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', L: 'abcdefghijklmnopqrstuvwxyz', X: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789' }[(call.text('OPT') ?? 'U').toUpperCase()] ?? 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  return Array.from({ length: call.number('LEN') ?? 0 }, () => letters[Math.floor(Math.random() * letters.length)] ?? '').join('')
}, 'v')
defineBuiltin('DBMS_LOB.GETLENGTH', 'LOB_LOC:c', (call) => { const text = call.text('LOB_LOC'); return text === null ? null : BigInt(text.length) }, 'n')
defineBuiltin('DBMS_LOB.SUBSTR', 'LOB_LOC:c AMOUNT:n? OFFSET:n?', (call) => {
  const start = (call.number('OFFSET') ?? 1) - 1
  return (call.text('LOB_LOC') ?? '').slice(start, start + (call.number('AMOUNT') ?? 32767)) || null
}, 'v')
defineBuiltin('DBMS_LOB.INSTR', 'LOB_LOC:c PATTERN:v OFFSET:n? NTH:n?', (call) => BigInt((call.text('LOB_LOC') ?? '').indexOf(call.text('PATTERN') ?? '', (call.number('OFFSET') ?? 1) - 1) + 1), 'n')
defineBuiltin('DBMS_LOB.APPEND', 'DEST_LOB:c* SRC_LOB:c', (call) => { call.out('DEST_LOB', (call.text('DEST_LOB') ?? '') + (call.text('SRC_LOB') ?? '')) })
defineBuiltin('DBMS_LOB.WRITEAPPEND', 'LOB_LOC:c* AMOUNT:n BUFFER:v', (call) => { call.out('LOB_LOC', (call.text('LOB_LOC') ?? '') + (call.text('BUFFER') ?? '').slice(0, call.number('AMOUNT') ?? 0)) })
defineBuiltin('DBMS_LOB.CREATETEMPORARY', 'LOB_LOC:c* CACHE:b DUR:n?', (call) => { call.out('LOB_LOC', '') })
defineBuiltin('DBMS_LOB.FREETEMPORARY', 'LOB_LOC:c*', (call) => { call.out('LOB_LOC', null) })
