import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createRmanParser } from '../src/index.ts'
import type { RmanEvent } from '../src/index.ts'
import { extractRmanSections } from './rman-sections.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const reference = process.env.ICB_REFERENCE_DIR ?? join(root, '../shared/reference')
const logs = join(reference, 'rman-logs')

function eventsOf(file: string): RmanEvent[][] {
  return extractRmanSections(readFileSync(join(logs, file), 'utf8')).map((lines) => {
    const events: RmanEvent[] = []
    const parser = createRmanParser((event) => events.push(event))
    for (const line of lines) parser.push(line)
    parser.end()
    return events
  })
}

type Type = RmanEvent['type']
const only = <T extends Type>(events: readonly RmanEvent[], type: T): Extract<RmanEvent, { type: T }>[] => events.filter((event): event is Extract<RmanEvent, { type: T }> => event.type === type)
const counts = (events: readonly RmanEvent[]): Partial<Record<Type, number>> => {
  const result: Partial<Record<Type, number>> = {}
  for (const event of events) result[event.type] = (result[event.type] ?? 0) + 1
  return result
}

const configLog = 'orcl_20161108T215324_config.log'
const backupLog = 'orcl_20161108T215335_imagecopywithsnap.log'
const testLog = 'autorestore-no-validation-20161108T224722-orcl.log'
const validationLog = 'autorestore-full-validation-20161108T224851-orcl.log'

describe.skipIf(!existsSync(logs))('real RMAN logs (needs the reference data)', () => {
  it.each([
    [configLog, 1],
    [backupLog, 1],
    [testLog, 2],
    [validationLog, 3],
  ])('%s: every line is classified', (file, sessions) => {
    const sections = eventsOf(file)
    expect(sections).toHaveLength(sessions)
    for (const events of sections) {
      expect(only(events, 'unknown')).toEqual([])
      expect(only(events, 'message')).toEqual([])
      expect(events[0]).toEqual({ type: 'banner', release: '12.1.0.2.0' })
      expect(events.at(-1)).toEqual({ type: 'complete' })
      expect(only(events, 'connected')).toHaveLength(1)
    }
  })

  it('configuration: nine settings, old and new', () => {
    const [events = []] = eventsOf(configLog)
    const settings = only(events, 'configuration')
    expect(settings.filter((setting) => setting.state === 'old')).toHaveLength(9)
    expect(settings.filter((setting) => setting.state === 'new')).toHaveLength(9)
    expect(settings[0]).toEqual({ type: 'configuration', text: 'CONFIGURE ARCHIVELOG DELETION POLICY TO NONE;', state: 'old', isDefault: false })
    expect(only(events, 'statement-processed')).toHaveLength(9)
    expect(only(events, 'connected')[0]).toEqual({ type: 'connected', role: 'target', name: 'ORCL', dbid: '1433672784', state: 'open' })
  })

  it('backup: level 1, merge, deletion, metadata', () => {
    const [events = []] = eventsOf(backupLog)
    expect(only(events, 'input-file').map((event) => event.file)).toEqual([1, 2, 3, 4])
    expect(only(events, 'merging').map((event) => [event.file, event.name.startsWith('/nfs/backup/orcl/data_D-ORCL_')])).toEqual([1, 2, 3, 4].map((file) => [file, true]))
    const pieces = only(events, 'piece')
    const by = (action: string): string[] => pieces.filter((piece) => piece.action === action).map((piece) => piece.handle)
    expect(by('written')).toHaveLength(8)
    expect(by('read')).toHaveLength(4)
    expect(by('restored')).toHaveLength(4)
    expect(by('listed')).toHaveLength(6)
    expect(by('deleted')).toHaveLength(6)
    expect([...by('deleted')].sort()).toEqual([...by('listed')].sort())
    expect(pieces.find((piece) => piece.action === 'written')).toEqual({ type: 'piece', handle: '/nfs/backup/orcl/6brke9r3_1_1', tag: 'IMAGE_COPY_BACKUP', action: 'written' })
    expect(only(events, 'count')).toEqual([{ type: 'count', action: 'deleted', count: 6 }])
    expect(only(events, 'no-match').map((event) => event.what)).toEqual(['archived log', 'obsolete backups'])
    const phases = only(events, 'phase').map((event) => `${event.edge} ${event.operation}`)
    expect(phases).toEqual([
      'start backup',
      'finish backup',
      'start recover',
      'finish recover',
      'start Control File and SPFILE Autobackup',
      'finish Control File and SPFILE Autobackup',
      'start backup',
      'finish backup',
      'start backup',
      'finish backup',
      'start Control File and SPFILE Autobackup',
      'finish Control File and SPFILE Autobackup',
    ])
    expect(only(events, 'phase')[0]?.at).toBe('2016-11-08 21:53:37')
    const settings = only(events, 'configuration')
    expect(settings).toHaveLength(16)
    expect(settings.every((setting) => setting.state === 'current')).toBe(true)
    expect(settings.filter((setting) => setting.isDefault)).toHaveLength(7)
    expect(only(events, 'elapsed').reduce((sum, event) => sum + event.seconds, 0)).toBe(4 * 3 + 4 * 1 + 1 + 1)
    expect(only(events, 'channel').filter((event) => event.action === 'session').map((event) => event.sid)).toEqual([46, 51, 48, 60, 46, 51, 48, 60])
    expect(only(events, 'echo').some((event) => event.text.startsWith('2> backup incremental level 1'))).toBe(true)
    expect(counts(events).level0).toBeUndefined()
  })

  it.each([testLog, validationLog])('%s: control file, catalog, switch, recovery', (file) => {
    const [mount = [], recovery = []] = eventsOf(file)
    expect(only(mount, 'connected')[0]).toEqual({ type: 'connected', role: 'target', name: 'ORCL', state: 'not-mounted' })
    expect(only(mount, 'restored-file').map((event) => event.name)).toEqual(['/nfs/autorestore/dest/restore.cf'])
    expect(only(mount, 'archived-log').map((event) => event.action)).toEqual(Array(8).fill('uncataloged'))
    expect(only(mount, 'piece').map((event) => event.action)).toEqual(Array(7).fill('changed'))
    expect(only(mount, 'copy-file').map((event) => event.action)).toEqual(Array(4).fill('uncataloged'))
    expect(only(mount, 'count').map((event) => [event.action, event.count])).toEqual([
      ['uncataloged', 8],
      ['changed', 7],
      ['uncataloged', 4],
    ])
    const files = only(mount, 'catalog-file')
    expect(files.filter((event) => event.state === 'unknown')).toHaveLength(30)
    expect(files.filter((event) => event.state === 'cataloged')).toHaveLength(20)
    const rejected = files.filter((event) => event.state === 'not-cataloged')
    expect(rejected).toHaveLength(10)
    expect(new Set(rejected.map((event) => event.reason))).toEqual(new Set(['RMAN-07517: Reason: The file header is corrupted']))
    expect(only(recovery, 'connected')[0]).toMatchObject({ dbid: '1433672784', state: 'mounted' })
    expect(only(recovery, 'switched').map((event) => event.file)).toEqual([1, 2, 3, 4])
    expect(only(recovery, 'switched').every((event) => event.name.startsWith('/nfs/autorestore/mnt/data_'))).toBe(true)
    expect(only(recovery, 'archived-log').map((event) => [event.action, event.thread, event.sequence])).toEqual([
      ['on-disk', 1, 94],
      ['on-disk', 1, 95],
      ['applied', 1, 94],
      ['applied', 1, 95],
    ])
    expect(only(recovery, 'recovery-complete')).toEqual([{ type: 'recovery-complete', seconds: 0 }])
  })

  it('validation: 219845 blocks of four files, none corrupt', () => {
    const events = eventsOf(validationLog)[2] ?? []
    const validated = only(events, 'validated')
    expect(validated.map((event) => event.file)).toEqual([4, 3, 1, 2])
    expect(validated.reduce((sum, event) => sum + event.blocksExamined, 0)).toBe(219_845)
    expect(validated.every((event) => event.status === 'OK' && event.markedCorrupt === 0 && event.failing.data + event.failing.index + event.failing.other === 0)).toBe(true)
    expect(validated[0]).toEqual({
      type: 'validated',
      file: 4,
      name: '/nfs/autorestore/mnt/data_D-ORCL_I-1433672784_TS-USERS_FNO-4_40r6dcok',
      status: 'OK',
      markedCorrupt: 0,
      emptyBlocks: 1461,
      blocksExamined: 14_400,
      highScn: 804_114n,
      failing: { data: 0, index: 0, other: 0 },
      processed: { data: 12_654, index: 0, other: 285 },
    })
    expect(only(events, 'corruption-found')).toEqual([])
  })
})
