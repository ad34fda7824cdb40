import type { RmanEvent } from './rman-event.ts'
import { rules } from './parser-rules.ts'
import { initialState } from './parser-state.ts'
import type { ParserState } from './parser-state.ts'

/** Takes RMAN's output line by line; memory does not grow with the output. */
export interface RmanParser {
  /** One line without its end. */
  push(line: string): void
  /** Emits what was still waiting for a following line. */
  end(): void
}

/** Longer lines are cut before they are looked at, and so are messages. */
const longestText = 16_384

const messageLine = /^\s*(?:warning: )?((?:RMAN|ORA|TNS|PLS|SBT|KUP|LRM|DBGSQL)-\d{3,5}): ?(.*)$/i
const promptLine = /^((?:RMAN> ?|\d+> ?)+)(.*)$/
/** Details of the operating system below an ORA- line. */
const messageDetail = /^(?:Additional information:|\S+ Error: \d+:|O\/S-Error:)/i

/**
 * Reads the output of RMAN (English, `NLS_LANG=AMERICAN_AMERICA`; any case) into typed events. Every non-blank line becomes part of exactly one
 * event; a line of no known kind becomes an `unknown` event. It never throws, whatever it is given.
 */
export function createRmanParser(onEvent: (event: RmanEvent) => void): RmanParser {
  const state = initialState()
  return {
    push(raw) {
      const line = (raw.length > longestText ? raw.slice(0, longestText) : raw).trimEnd()
      for (const event of read(line, state)) onEvent(event)
    },
    end() {
      for (const event of flush(state)) onEvent(event)
    },
  }
}

function read(line: string, state: ParserState): RmanEvent[] {
  if (line === '') {
    state.inErrorStack = false
    // A report has blank lines between its parts; everything else that waits is complete.
    return state.pending?.kind === 'validated' || state.pending?.kind === 'corruption' ? [] : flush(state)
  }
  const prompt = promptLine.exec(line)
  if (prompt !== null) {
    const text = (prompt[2] ?? '').trim()
    const before = flush(state)
    state.list = 'none'
    state.inErrorStack = false
    state.inRecovery = false
    // Without echo, output follows the prompt on the same line.
    return /^(?:connected to |(?:RMAN|ORA)-\d{5}: )/i.test(text) ? [...before, ...read(text, state)] : [...before, { type: 'echo', text: line }]
  }
  return message(line, state) ?? continued(line, state) ?? listed(line, state) ?? known(line.trim(), state) ?? rest(line, state)
}

/** `RMAN-…`/`ORA-…` lines and the frame of an error stack. */
function message(line: string, state: ParserState): RmanEvent[] | undefined {
  const found = messageLine.exec(line)
  if (found === null) {
    if (!/^warning: /i.test(line)) return undefined
    const before = flush(state)
    state.pending = { kind: 'message', code: 'WARNING', text: line.slice(9).trim(), inErrorStack: false }
    return before
  }
  const code = (found[1] ?? '').toUpperCase()
  const text = found[2] ?? ''
  if (code === 'RMAN-00571' || code === 'RMAN-00569') {
    const before = flush(state)
    state.inErrorStack = true
    state.inRecovery = false
    state.list = 'none'
    return before
  }
  if (state.pending?.kind === 'not-cataloged' && /^\s/.test(line)) {
    const { name } = state.pending
    state.pending = undefined
    return [{ type: 'catalog-file', name, state: 'not-cataloged', reason: `${code}: ${text}` }]
  }
  const before = flush(state)
  state.pending = { kind: 'message', code, text, inErrorStack: state.inErrorStack }
  return before
}

/** Lines that finish what an earlier line began. */
function continued(line: string, state: ParserState): RmanEvent[] | undefined {
  const { pending } = state
  if (pending?.kind === 'message') {
    // Long messages are wrapped with an indent; within a stack everything belongs to it.
    if (!/^\s/.test(line) && !messageDetail.test(line) && !state.inErrorStack) return undefined
    if (!/^\s/.test(line) && /^Recovery Manager complete/i.test(line)) return undefined
    if (pending.text.length < longestText) pending.text = `${pending.text} ${line.trim()}`
    return []
  }
  if (pending?.kind === 'corruption') {
    state.pending = undefined
    const trace = /^See trace file (.+?) for details$/i.exec(line.trim())
    return trace === null ? [{ type: 'corruption-found' }, ...read(line, state)] : [{ type: 'corruption-found', traceFile: trace[1] ?? '' }]
  }
  if (pending?.kind !== 'validated') return undefined
  const { event } = pending
  const row = /^\s+(Data|Index|Other)\s+(\d+)\s+(\d+)$/i.exec(line)
  if (row !== null) {
    const kind = (row[1] ?? '').toLowerCase() as 'data' | 'index' | 'other'
    event.failing[kind] = Number(row[2])
    event.processed[kind] = Number(row[3])
    return kind === 'other' ? flush(state) : []
  }
  const name = /^\s+File Name: (.+)$/i.exec(line)
  if (name !== null) event.name = name[1] ?? ''
  return name !== null || /^\s+(?:Block Type\b|-+ )/i.test(line) ? [] : undefined
}

/** Titles and rows of lists. */
function listed(line: string, state: ParserState): RmanEvent[] | undefined {
  if (/^(?:(?:List|Report) of .+|Deleting the following obsolete backups.*)$/i.test(line)) {
    const before = flush(state)
    state.list = listOf(line)
    return [...before, { type: 'report', text: line }]
  }
  if (state.list === 'none') return undefined
  // Rulers and column heads belong to the title.
  if (/^\s*[-=][-= ]*$/.test(line)) return []
  switch (state.list) {
    case 'validation': {
      const row = /^(\d+)\s+(OK|FAILED)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/i.exec(line)
      if (row !== null) {
        const before = flush(state)
        state.pending = { kind: 'validated', event: validatedRow(row) }
        return before
      }
      return /^File Status\b/i.test(line) ? [] : undefined
    }
    case 'pieces': {
      const row = /^\d+\s+\d+\s+\d+\s+\d+\s+\w+\s+\S+\s+(\S.*)$/.exec(line)
      if (row !== null) return [{ type: 'piece', handle: row[1] ?? '', action: 'listed' }]
      return /^BP Key\b/i.test(line) ? [] : undefined
    }
    case 'unknown-files':
    case 'cataloged':
    case 'not-cataloged': {
      const name = /^\s*File Name: (.+)$/i.exec(line)?.[1]
      if (name === undefined) return undefined
      if (state.list === 'not-cataloged') {
        const before = flush(state)
        state.pending = { kind: 'not-cataloged', name }
        return before
      }
      return [{ type: 'catalog-file', name, state: state.list === 'cataloged' ? 'cataloged' : 'unknown' }]
    }
    case 'report':
      return undefined
  }
}

function listOf(title: string): ParserState['list'] {
  if (/^List of Datafiles$/i.test(title)) return 'validation'
  if (/^List of Backup Pieces$/i.test(title)) return 'pieces'
  if (/^List of Files Unknown to the Database$/i.test(title)) return 'unknown-files'
  if (/^List of Cataloged Files$/i.test(title)) return 'cataloged'
  if (/^List of Files Which Were Not Cataloged$/i.test(title)) return 'not-cataloged'
  return 'report'
}

function validatedRow(row: RegExpExecArray): Extract<NonNullable<ParserState['pending']>, { kind: 'validated' }>['event'] {
  return {
    type: 'validated',
    file: Number(row[1]),
    status: row[2]?.toUpperCase() === 'OK' ? 'OK' : 'FAILED',
    markedCorrupt: Number(row[3]),
    emptyBlocks: Number(row[4]),
    blocksExamined: Number(row[5]),
    highScn: BigInt((row[6] ?? '0').slice(0, 40)),
    failing: { data: 0, index: 0, other: 0 },
    processed: { data: 0, index: 0, other: 0 },
  }
}

/** The rules of single lines. */
function known(line: string, state: ParserState): RmanEvent[] | undefined {
  if (/^validate found one or more corrupt blocks$/i.test(line)) {
    const before = flush(state)
    state.pending = { kind: 'corruption' }
    return before
  }
  for (const { pattern, apply } of rules) {
    const match = pattern.exec(line)
    if (match === null) continue
    // An announced action is taken by the line it announces; everything else is complete now.
    const before = state.pending?.kind === 'action' && / RECID=\d+ STAMP=\d+$/i.test(line) ? [] : flush(state)
    const event = apply(match, state)
    return event === undefined ? before : [...before, event]
  }
  return undefined
}

function rest(line: string, state: ParserState): RmanEvent[] {
  const before = flush(state)
  return [...before, state.list === 'report' ? { type: 'report', text: line } : { type: 'unknown', text: line }]
}

/** The waiting event, if any, as far as it is known. */
function flush(state: ParserState): RmanEvent[] {
  const { pending } = state
  state.pending = undefined
  switch (pending?.kind) {
    case undefined:
      return []
    case 'message':
      return [{ type: 'message', code: pending.code, text: pending.text, inErrorStack: pending.inErrorStack }]
    case 'validated':
      return [pending.event]
    case 'not-cataloged':
      return [{ type: 'catalog-file', name: pending.name, state: 'not-cataloged' }]
    case 'action':
      return [{ type: 'report', text: pending.text }]
    case 'corruption':
      return [{ type: 'corruption-found' }]
  }
}
