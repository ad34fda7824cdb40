import { describe, expect, it } from 'vitest'
import { classifyMessage, messageCatalogue, missingLogOf, policyOf, rootCause } from './message-catalogue.ts'

describe('message catalogue', () => {
  it('every entry says what it means and what to do', () => {
    for (const [code, entry] of messageCatalogue) {
      expect(code).toMatch(/^(?:(?:RMAN|ORA)-\d{5}|WARNING)$/)
      expect(entry.meaning).toMatch(/\.$/)
      expect(entry.nextStep).toMatch(/\.$/)
    }
  })

  it.each([
    ['RMAN-08120', 'warning'],
    ['RMAN-08137', 'warning'],
    ['RMAN-06207', 'warning'],
    ['ORA-28002', 'warning'],
    ['RMAN-07517', 'info'],
    ['RMAN-06060', 'error'],
    ['RMAN-06169', 'error'],
  ])('%s is %s outside a stack and an error inside', (code, severity) => {
    expect(classifyMessage(code, 'x')).toBe(severity)
    expect(classifyMessage(code, 'x', true)).toBe('error')
  })

  it('what is not known is an error unless it calls itself a warning', () => {
    expect(classifyMessage('RMAN-99999', 'something')).toBe('error')
    expect(classifyMessage('RMAN-99999', 'warning: something')).toBe('warning')
  })

  it('the worst message decides', () => {
    expect(policyOf([])).toBe('info')
    expect(policyOf([{ code: 'RMAN-08137', text: 'x' }])).toBe('degraded')
    expect(policyOf([{ code: 'RMAN-08137', text: 'x' }, { code: 'RMAN-06060', text: 'x' }])).toBe('fatal')
  })

  it('the cause is the last line that is no wrapper', () => {
    expect(rootCause([{ code: 'RMAN-03002', text: '' }, { code: 'ORA-19625', text: 'a' }, { code: 'ORA-27037', text: 'b' }])?.code).toBe('ORA-27037')
    expect(rootCause([{ code: 'RMAN-03002', text: 'only' }])?.text).toBe('only')
    expect(rootCause([])).toBeUndefined()
  })

  it('names the missing log', () => {
    expect(missingLogOf({ code: 'RMAN-06054', text: 'media recovery requesting unknown archived log for thread 1 with sequence 2542 and starting SCN of 1017335704413' })).toEqual({ thread: 1, sequence: 2542, scn: 1_017_335_704_413n })
    expect(missingLogOf({ code: 'RMAN-06025', text: 'no backup of archived log for thread 2 with sequence 7 and starting SCN of 99 found to restore' })).toEqual({ thread: 2, sequence: 7, scn: 99n })
    expect(missingLogOf({ code: 'ORA-00280', text: 'change 804125 for thread 1 is in sequence #95' })).toEqual({ thread: 1, sequence: 95 })
    expect(missingLogOf({ code: 'RMAN-06556', text: 'datafile 1 must be restored from backup older than SCN 5' })).toBeUndefined()
  })
})
