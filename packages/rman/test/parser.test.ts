import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRmanParser } from '../src/index.ts'
import type { RmanEvent } from '../src/index.ts'

function parse(text: string): RmanEvent[] {
  const events: RmanEvent[] = []
  const parser = createRmanParser((event) => events.push(event))
  for (const line of text.split('\n')) parser.push(line)
  parser.end()
  return events
}

const frame = ['RMAN-00571: ===========================================================', 'RMAN-00569: =============== ERROR MESSAGE STACK FOLLOWS ===============', 'RMAN-00571: ===========================================================']

describe('messages', () => {
  it('an error stack, general first and cause last', () => {
    const events = parse(
      [
        ...frame,
        'RMAN-03002: failure of recover command at 08/14/2023 13:33:53',
        'RMAN-06054: media recovery requesting unknown archived log for thread 1 with sequence 2542 and starting SCN',
        ' of 1017335704413',
        '',
        'RMAN> EXIT;',
        '',
        'Recovery Manager complete.',
      ].join('\n'),
    )
    expect(events).toEqual([
      { type: 'message', code: 'RMAN-03002', text: 'failure of recover command at 08/14/2023 13:33:53', inErrorStack: true },
      { type: 'message', code: 'RMAN-06054', text: 'media recovery requesting unknown archived log for thread 1 with sequence 2542 and starting SCN of 1017335704413', inErrorStack: true },
      { type: 'echo', text: 'RMAN> EXIT;' },
      { type: 'complete' },
    ])
  })

  it('details of the operating system belong to their ORA- line, in and outside a stack', () => {
    const lines = ['ORA-27037: unable to obtain file status', 'Linux-x86_64 Error: 2: No such file or directory', 'Additional information: 7']
    const text = 'unable to obtain file status Linux-x86_64 Error: 2: No such file or directory Additional information: 7'
    expect(parse([...frame, ...lines].join('\n'))).toEqual([{ type: 'message', code: 'ORA-27037', text, inErrorStack: true }])
    expect(parse(lines.join('\n'))).toEqual([{ type: 'message', code: 'ORA-27037', text, inErrorStack: false }])
  })

  it('a warning outside a stack stays one, in either case, with the log it speaks of listed and not applied', () => {
    for (const word of ['warning', 'WARNING']) {
      expect(parse(`RMAN-08120: ${word}: archived log not deleted, not yet applied by standby\narchived log file name=/a/1_90_1.dbf thread=1 sequence=90`)).toEqual([
        { type: 'message', code: 'RMAN-08120', text: `${word}: archived log not deleted, not yet applied by standby`, inErrorStack: false },
        { type: 'archived-log', name: '/a/1_90_1.dbf', thread: 1, sequence: 90, action: 'listed' },
      ])
    }
    expect(parse('warning: something without a number')).toEqual([{ type: 'message', code: 'WARNING', text: 'something without a number', inErrorStack: false }])
  })

  it('a stack ends at the blank line behind it', () => {
    const events = parse([...frame, 'RMAN-03002: failure', '', 'RMAN-08137: warning: archived log not deleted'].join('\n'))
    expect(events.map((event) => (event.type === 'message' ? event.inErrorStack : event.type))).toEqual([true, false])
  })
})

describe('backup', () => {
  it('a first backup: whole copies instead of increments', () => {
    expect(
      parse(
        [
          'no parent backup or copy of datafile 7 found',
          'channel c1: starting datafile copy',
          'input datafile file number=00007 name=/u01/app/oracle/oradata/ORCL/datafile/new file.dbf',
          'output file name=/nfs/backup/orcl/data_D-ORCL_I-1_TS-NEW_FNO-7_0c tag=IMAGE_COPY_BACKUP RECID=5 STAMP=99',
          'channel c1: datafile copy complete, elapsed time: 01:02:03',
          'no copy of datafile 7 found to recover',
        ].join('\n'),
      ),
    ).toEqual([
      { type: 'level0', file: 7, text: 'no parent backup or copy of datafile 7 found' },
      { type: 'channel', channel: 'c1', action: 'starting', text: 'channel c1: starting datafile copy' },
      { type: 'input-file', file: 7, name: '/u01/app/oracle/oradata/ORCL/datafile/new file.dbf' },
      { type: 'copy-created', name: '/nfs/backup/orcl/data_D-ORCL_I-1_TS-NEW_FNO-7_0c', tag: 'IMAGE_COPY_BACKUP', recid: 5, stamp: 99 },
      { type: 'elapsed', what: 'datafile copy complete', seconds: 3723 },
      { type: 'nothing-to-recover', file: 7 },
    ])
  })

  it('copies of archived logs carry the thread and sequence named before them', () => {
    const events = parse(
      [
        'channel c1: starting archived log copy',
        'input archived log thread=2 sequence=90 RECID=132 STAMP=927409901',
        'output file name=/nfs/backup/orcl/archivelog/arch_D-ORCL_id-1_S-90 RECID=140 STAMP=927409999',
        'channel c1: archived log copy complete, elapsed time: 00:00:01',
      ].join('\n'),
    )
    expect(events[2]).toEqual({ type: 'archived-log', name: '/nfs/backup/orcl/archivelog/arch_D-ORCL_id-1_S-90', thread: 2, sequence: 90, action: 'copied' })
    expect(events.some((event) => event.type === 'unknown')).toBe(false)
  })

  it('skipped files', () => {
    expect(parse('skipping datafile 00005; already restored to file /x')).toEqual([{ type: 'skipped', file: 5, reason: 'already restored to file /x' }])
    expect(parse('skipping datafile 3 because it has not changed')).toEqual([{ type: 'skipped', file: 3, reason: 'because it has not changed' }])
  })
})

describe('restore tests', () => {
  it('corrupt blocks: the failed file and where the trace is', () => {
    const events = parse(
      [
        'channel c1: backup set complete, elapsed time: 00:00:16',
        'List of Datafiles',
        '=================',
        'File Status Marked Corrupt Empty Blocks Blocks Examined High SCN',
        '---- ------ -------------- ------------ --------------- ----------',
        '4    FAILED 1              1461         14400           18446744073709551000',
        '  File Name: /mnt/data_D-ORCL_4',
        '  Block Type Blocks Failing Blocks Processed',
        '  ---------- -------------- ----------------',
        '  Data       2              12654',
        '  Index      0              0',
        '  Other      1              285',
        '',
        'validate found one or more corrupt blocks',
        'See trace file /u01/diag/x.trc for details',
        'Finished backup at 2026-11-08 22:50:00',
      ].join('\n'),
    )
    expect(events.filter((event) => event.type === 'validated')).toEqual([
      {
        type: 'validated',
        file: 4,
        name: '/mnt/data_D-ORCL_4',
        status: 'FAILED',
        markedCorrupt: 1,
        emptyBlocks: 1461,
        blocksExamined: 14_400,
        highScn: 18_446_744_073_709_551_000n,
        failing: { data: 2, index: 0, other: 1 },
        processed: { data: 12_654, index: 0, other: 285 },
      },
    ])
    expect(events.filter((event) => event.type === 'corruption-found')).toEqual([{ type: 'corruption-found', traceFile: '/u01/diag/x.trc' }])
    expect(events.at(-1)).toMatchObject({ type: 'phase', edge: 'finish' })
  })

  it('[H7] corruption without a trace line is still corruption', () => {
    expect(parse('validate found one or more corrupt blocks\nFinished backup at 2026-11-08 22:50:00').map((event) => event.type)).toEqual(['corruption-found', 'phase'])
    expect(parse('validate found one or more corrupt blocks').map((event) => event.type)).toEqual(['corruption-found'])
  })

  it('a validated row that is cut off is still reported', () => {
    expect(parse('List of Datafiles\n4    FAILED 1  2  3  4').map((event) => event.type)).toEqual(['report', 'validated'])
  })

  it('an archived log that could not be cataloged keeps its reason', () => {
    expect(parse('List of Files Which Were Not Cataloged\n====\nFile Name: /m/archivelog/1_95.dbf\n  RMAN-07529: Reason: catalog is not supported for this file type\nFile Name: /m/x').slice(1)).toEqual([
      { type: 'catalog-file', name: '/m/archivelog/1_95.dbf', state: 'not-cataloged', reason: 'RMAN-07529: Reason: catalog is not supported for this file type' },
      { type: 'catalog-file', name: '/m/x', state: 'not-cataloged' },
    ])
  })

  it('files created on the way, and connect states', () => {
    expect(parse('creating datafile file number=9 name=/clone/x.dbf')).toEqual([{ type: 'creating-file', file: 9, name: '/clone/x.dbf' }])
    expect(parse('connected to target database (not started)')).toEqual([{ type: 'connected', role: 'target', state: 'not-mounted' }])
    expect(parse('RMAN> connected to target database: ORCL (DBID=1, not open)')).toEqual([{ type: 'connected', role: 'target', name: 'ORCL', dbid: '1', state: 'mounted' }])
    expect(parse('connected to recovery catalog database')).toEqual([{ type: 'connected', role: 'catalog', state: 'open' }])
  })

  it('reports are kept as text, what nobody knows is unknown', () => {
    expect(parse('Report of files with less than 2 days\nFile #bkps Name\n---- ----- ---\n1    0     /x').map((event) => event.type)).toEqual(['report', 'report', 'report'])
    expect(parse('something quite new')).toEqual([{ type: 'unknown', text: 'something quite new' }])
  })
})

describe('hostile output', () => {
  const pieces = fc.constantFrom(
    ...frame,
    'RMAN> ',
    '2> ',
    '',
    '  ',
    'List of Datafiles',
    'List of Files Which Were Not Cataloged',
    '4    FAILED 1  2  3  99999999999999999999999999999999999999999999999999',
    '  Data       2              12654',
    '  Other      1              1',
    'File Name: x',
    '  RMAN-07517: Reason: y',
    'deleted backup piece',
    'backup piece handle=x RECID=1 STAMP=2',
    'validate found one or more corrupt blocks',
    'See trace file x for details',
    'old RMAN configuration parameters:',
    'CONFIGURE X;',
    'Starting backup at ',
    'Starting backup at x',
    'RMAN-00000:',
    'ORA-1',
  )

  it('never throws, and loses no message', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 120 }), fc.tuple(pieces, fc.string()).map(([a, b]) => a + b)), { maxLength: 30 }), (lines) => {
        const events = parse([...lines, '', 'RMAN-06054: planted', ''].join('\n'))
        return events.some((event) => event.type === 'message' && event.code === 'RMAN-06054')
      }),
      { numRuns: 5000 },
    )
  })

  it('long lines and endless messages stay bounded and quick', () => {
    const events = parse(['RMAN-06054: x', ...Array<string>(2000).fill(` ${'y'.repeat(1000)}`), 'z'.repeat(5_000_000), `Starting ${' at '.repeat(4000)}`].join('\n'))
    expect(JSON.stringify(events).length).toBeLessThan(100_000)
  })
})

describe('lists and reports', () => {
  it('the table of what DELETE OBSOLETE takes is a report, and what it then does is told', () => {
    const events = parse(
      [
        'RMAN retention policy will be applied to the command',
        'RMAN retention policy is set to redundancy 1',
        'Deleting the following obsolete backups and copies:',
        'Type                 Key    Completion Time     Filename/Handle',
        '-------------------- ------ ------------------- --------------------',
        'Backup Set           7      2026-03-01 22:00:00',
        '  Backup Piece       9      2026-03-01 22:00:00 /u02/fra/piece_9.bkp',
        'Archive Log          31     2026-03-01 21:00:00 /u02/fra/1_31_9.arc',
        'deleted backup piece',
        'backup piece handle=/u02/fra/piece_9.bkp RECID=9 STAMP=1226700000',
        'Deleted 1 objects',
      ].join('\n'),
    )
    expect(events.filter(({ type }) => type === 'unknown')).toEqual([])
    expect(events.slice(-2)).toEqual([
      { type: 'piece', handle: '/u02/fra/piece_9.bkp', action: 'deleted' },
      { type: 'count', action: 'deleted', count: 1 },
    ])
  })

  it('where a datafile will be restored to is a report', () => {
    expect(parse('destination for restore of datafile 00004: /u01/oradata/users01.dbf').map(({ type }) => type)).toEqual(['report'])
  })
})
