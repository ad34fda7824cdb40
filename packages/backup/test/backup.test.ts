import type { Rman } from '@icb/rman'
import { readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isIcbError, newRunId } from '@icb/runtime'
import { ManualClock } from '@icb/runtime/testing'
import { readPoints, findManifest, readAutorestoreCfg } from '@icb/recovery-point'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cutOffSince } from '../src/abandoned-files.ts'
import type { BackupResult } from '../src/index.ts'
import { makeStand } from './stand.ts'
import type { Stand } from './stand.ts'
import { namesIn } from './fake-database.ts'

let stand: Stand
beforeEach(async () => {
  stand = await makeStand()
})
afterEach(() => stand.remove())

function codeOf(result: BackupResult): string | undefined {
  return isIcbError(result.error) ? result.error.code : result.error === undefined ? undefined : (result.error as Error).message
}

function done(result: BackupResult): BackupResult {
  expect({ outcome: result.outcome, code: codeOf(result), error: result.error }).toEqual({ outcome: 'done', code: undefined, error: undefined })
  return result
}

async function manifest(): Promise<NonNullable<Awaited<ReturnType<typeof findManifest>>>['manifest']> {
  const read = await findManifest(stand.areaPath)
  return read!.manifest
}

describe('a first run', () => {
  it('copies every datafile, opens the window and makes no snapshot', async () => {
    const result = done(await stand.backup())
    expect(result.refresh?.created).toEqual([1, 2, 3, 4])
    expect(result.snapshot).toBeUndefined()
    const made = await manifest()
    expect(made.state).toBe('refreshed')
    expect(made.window?.lastScn).toBeNull()
    expect(made.window!.minScn).toBeGreaterThan(made.window!.redoFrom)
    expect(made.copies.map((c) => c.file)).toEqual([1, 2, 3, 4])
    expect(made.controlFile).toBe(`controlfile_${result.runId}.cf`)
    expect((await readAutorestoreCfg(stand.areaPath))?.dbName).toBe('ORCL')
    expect(await namesIn(stand.areaPath)).toContain('after_backup_controlfile.cf')
  })

  it('has redo beyond the highest SCN of the copies in the area', async () => {
    done(await stand.backup())
    const { window } = await manifest()
    const landed = stand.database.logs.filter((l) => l.name.startsWith(stand.areaPath))
    expect(landed.some((l) => l.nextScn > window!.minScn)).toBe(true)
  })
})

describe('pieces that RMAN began and nobody will finish', () => {
  /** A file in the area, last written so many seconds ago. */
  async function written(name: string, secondsAgo: number): Promise<void> {
    const path = join(stand.areaPath, name)
    await writeFile(path, 'half')
    const time = stand.clock.now() / 1000 - secondsAgo
    await utimes(path, time, time)
  }

  it('go with the next refresh, and nothing else does', async () => {
    done(await stand.backup())
    stand.clock.offset += 3_600_000
    await written('0a3kq7p2_1_1', 600)
    // Its instance was started again at once.
    await written('0c3kq7p2_1_1', 0)
    // Perhaps listed once: it is older than the last refresh.
    await written('0b3kq7p2_1_1', 7200)
    await written('nightly_export', 600)
    stand.database.pieces.push({ recid: 990, handle: join(stand.areaPath, '0d3kq7p2_1_1'), tag: 'WEEKLY', completedAt: stand.database.now, deleted: false })
    await written('0d3kq7p2_1_1', 600)
    const result = done(await stand.backup())
    const names = await namesIn(stand.areaPath)
    for (const gone of ['0a3kq7p2_1_1', '0c3kq7p2_1_1']) expect(names).not.toContain(gone)
    expect(names).toEqual(expect.arrayContaining(['0b3kq7p2_1_1', '0d3kq7p2_1_1', 'nightly_export']))
    expect(result.steps.find((step) => step.name === 'increments-delete')?.summary).toMatch(/, and 2 that nobody would have finished$/)
  })

  it('copies too: shorter than their datafile, of this database, and listed nowhere', async () => {
    done(await stand.backup())
    stand.clock.offset += 3_600_000
    const { dbid } = stand.database
    const [users] = stand.database.datafiles.filter((each) => each.file === 4)
    const copy = (part: string, id = dbid, file = 4): string => `data_D-ORCL_I-${id}_TS-USERS_FNO-${String(file)}_${part}`
    await written(copy('0a3kq7p2'), 600)
    const kept = [copy('0b3kq7p2'), copy('0d3kq7p2', '4711'), copy('0e3kq7p2', dbid, 99), copy('0f3kq7p2'), copy('0g3kq7p2')] as const
    await written(kept[0], 7200)
    await written(kept[1], 600)
    // Its datafile is gone, so how long it should be is not known.
    await written(kept[2], 600)
    // Whole: somebody may still catalog it.
    await written(kept[3], 600)
    await truncate(join(stand.areaPath, kept[3]), (users!.blocks + 1) * 8192)
    await utimes(join(stand.areaPath, kept[3]), stand.clock.now() / 1000 - 600, stand.clock.now() / 1000 - 600)
    // The database uses it as its datafile.
    await written(kept[4], 600)
    stand.database.datafiles.push({ ...users!, file: 5, name: `/elsewhere/to/the/area/${kept[4]}`, enabled: 'READ ONLY' })
    done(await stand.backup())
    const names = await namesIn(stand.areaPath)
    expect(names).not.toContain(copy('0a3kq7p2'))
    expect(names).toEqual(expect.arrayContaining([...kept]))
  })

  it('of the very first run, which never ended, by when that began', () => {
    const at = Date.parse('2026-03-01T10:00:00Z')
    const runId = newRunId(new ManualClock('2026-03-01T10:00:00Z'), 'deadbeef')
    expect(cutOffSince({ state: 'refreshing', runId })).toBe(at)
    expect(cutOffSince({ state: 'refreshing', runId, refreshedAt: '2026-02-28T10:00:00Z' })).toBe(Date.parse('2026-02-28T10:00:00Z'))
    expect(cutOffSince({ state: 'refreshed', runId })).toBeUndefined()
    expect(cutOffSince({ state: 'refreshing', runId: 'made elsewhere' })).toBeUndefined()
    expect(cutOffSince(undefined)).toBeUndefined()
  })

  it('stay while a session of any RMAN may write them', async () => {
    done(await stand.backup())
    stand.database.rmanClients.push(77)
    stand.clock.offset += 3_600_000
    await written('0a3kq7p2_1_1', 600)
    done(await stand.backup())
    expect(await namesIn(stand.areaPath)).toContain('0a3kq7p2_1_1')
  })
})

describe('a control file backup that somebody removed', () => {
  it('is made again before the snapshot that needs it', async () => {
    done(await stand.backup())
    const lost = (await manifest()).controlFile
    await rm(join(stand.areaPath, lost))
    const result = done(await stand.backup())
    expect(result.warnings.map((warning) => warning.code)).toContain('ICB_BACKUP_WARN_CONTROL_FILE')
    expect(result.point).toMatchObject({ state: 'refreshed' })
    expect(stand.database.sent.filter((line) => line.includes(`controlfile_${result.runId}-again.cf`))).not.toEqual([])
    // After the refresh the snapshot has it alone.
    expect((await namesIn(stand.areaPath)).filter((name) => name.startsWith('controlfile_'))).toEqual([`controlfile_${result.runId}.cf`])
  })
})

describe('a second run', () => {
  it('[M:level1-merge] snapshots the old copies with all redo, then merges', async () => {
    done(await stand.backup())
    const before = await manifest()
    const result = done(await stand.backup())
    expect(result.refresh).toMatchObject({ merged: [1, 2, 3, 4], created: [], skipped: [] })
    expect(result.point).toMatchObject({ state: 'refreshed', minScn: before.window!.minScn, redoFrom: before.window!.redoFrom })
    expect(result.point!.lastScn).toBeGreaterThan(before.window!.minScn)
    expect(await readPoints(stand.areaPath)).toEqual([result.point])
    expect([...stand.memory.volume.snapshots.values()].map((s) => s.name)).toEqual([result.snapshot!.name])
    expect((await manifest()).window!.minScn).toBeGreaterThan(before.window!.minScn)
  })

  it('[H30] sends its commands in the order that the method needs', async () => {
    done(await stand.backup())
    stand.database.sent.length = 0
    done(await stand.backup())
    const order = stand.database.sent.map((line) => /ARCHIVE LOG CURRENT|LEVEL 1|RECOVER COPY|DELETE NOPROMPT \w+|SPFILE|CONTROLFILE/i.exec(line)?.[0].toUpperCase()).filter((x) => x !== undefined)
    expect(order.filter((x, i) => x !== order[i - 1])).toEqual(['ARCHIVE LOG CURRENT', 'LEVEL 1', 'RECOVER COPY', 'DELETE NOPROMPT BACKUPPIECE', 'SPFILE', 'CONTROLFILE', 'ARCHIVE LOG CURRENT', 'DELETE NOPROMPT BACKUPPIECE'])
    const steps = stand.events.events.filter((e) => e.type === 'step.started').map((e) => (e as unknown as { step: string }).step)
    expect(steps.indexOf('snapshot-create')).toBeLessThan(steps.lastIndexOf('manifest-refreshing'))
  })

  it('[M:metadata] [H30] leaves no increments, one control file backup of its own and the copy for the seed readers', async () => {
    done(await stand.backup())
    const result = done(await stand.backup())
    const names = await namesIn(stand.areaPath)
    expect(names.filter((n) => n.startsWith('controlfile_'))).toEqual([`controlfile_${result.runId}.cf`])
    expect(stand.database.pieces.filter((p) => !p.deleted).map((p) => p.tag)).toEqual(['IMAGE_COPY_BACKUP', 'IMAGE_COPY_BACKUP'])
    expect(await readFile(join(stand.areaPath, 'after_backup_controlfile.cf'), 'utf8')).toBe(await readFile(join(stand.areaPath, `controlfile_${result.runId}.cf`), 'utf8'))
  })

  it('counts a read-only file that is unchanged as skipped', async () => {
    done(await stand.backup())
    const users = stand.database.datafiles[3]!
    Object.assign(users, { enabled: 'READ ONLY', lastScn: stand.database.copies[3]!.checkpointScn, checkpointScn: stand.database.copies[3]!.checkpointScn })
    const result = done(await stand.backup())
    expect(result.refresh).toMatchObject({ merged: [1, 2, 3], skipped: [4] })
  })

  it('copies a new datafile in full without calling it a surprise', async () => {
    done(await stand.backup())
    stand.database.addDatafile(5, 'NEWTS')
    const result = done(await stand.backup())
    expect(result.refresh).toMatchObject({ created: [5] })
    expect(result.warnings.map((w) => w.code)).not.toContain('ICB_BACKUP_WARN_LEVEL0')
  })
})

describe('refusals before anything is changed', () => {
  it.each([
    ['another DBID', (s: Stand) => ({ settings: { ...s.settings, dbid: '1' } }), 'ICB_BACKUP_REFUSED_IDENTITY'],
    ['another unique name', (s: Stand) => ({ settings: { ...s.settings, name: 'other' } }), 'ICB_BACKUP_REFUSED_IDENTITY'],
    ['an area that is not the volume', (s: Stand) => ({ storage: { ...s.storage, describe: async () => ({ name: 'v', mounts: [{ kind: 'path' as const, path: s.root }], mechanism: 'x', warnings: [] }) } }), 'ICB_BACKUP_REFUSED_AREA'],
    ['too little space', (s: Stand) => ({ storage: { ...s.storage, describe: async () => ({ name: 'v', mounts: [{ kind: 'path' as const, path: s.areaPath }], freeBytes: 10n, mechanism: 'x', warnings: [] }) } }), 'ICB_BACKUP_REFUSED_SPACE'],
  ])('%s', async (_, overrides, code) => {
    const result = await stand.backup({}, overrides(stand))
    expect([result.outcome, codeOf(result), result.failedStep]).toEqual(['failed', code, 'preflight'])
    expect(stand.database.sent).toEqual([])
    expect(await namesIn(stand.areaPath)).toEqual([])
  })

  it('NOARCHIVELOG mode', async () => {
    stand.database.logMode = 'NOARCHIVELOG'
    expect(codeOf(await stand.backup())).toBe('ICB_BACKUP_REFUSED_NOARCHIVELOG')
  })

  it('the area of another area id', async () => {
    done(await stand.backup())
    await writeFile(join(stand.areaPath, '.icb', 'area-id'), 'another-area-id\n')
    expect(codeOf(await stand.backup())).toBe('ICB_BACKUP_REFUSED_AREA')
  })

  it('a copy that vanished, unless a full copy is wanted', async () => {
    done(await stand.backup())
    await rm(stand.database.copies[1]!.name)
    stand.database.sent.length = 0
    const refused = await stand.backup()
    expect(codeOf(refused)).toBe('ICB_BACKUP_REFUSED_SURPRISE_FULL')
    expect(stand.database.sent).toEqual([])
    const allowed = done(await stand.backup({ allowFull: true }))
    expect(allowed.refresh).toMatchObject({ created: [2], merged: [1, 3, 4] })
  })

  it('a copy that is no longer in the repository', async () => {
    done(await stand.backup())
    stand.database.copies[2]!.deleted = true
    expect(codeOf(await stand.backup())).toBe('ICB_BACKUP_REFUSED_SURPRISE_FULL')
  })

  it('copies with our tag outside the area', async () => {
    done(await stand.backup())
    stand.database.copies[2]!.name = '/somewhere/else/data_1'
    expect(codeOf(await stand.backup())).toBe('ICB_BACKUP_REFUSED_AREA')
  })

  it('skips a database of the other role without failing', async () => {
    stand.database.role = 'PHYSICAL STANDBY'
    const result = await stand.backup()
    expect(result).toMatchObject({ outcome: 'skipped' })
    expect(stand.database.sent).toEqual([])
  })
})

describe('archived logs', () => {
  it('[M:missing-logs] copies a log that the destination never wrote, and warns', async () => {
    done(await stand.backup())
    stand.database.areaDestination = 'SILENT'
    await stand.database.switchLog()
    stand.database.areaDestination = 'VALID'
    const result = done(await stand.backup())
    expect(result.logsCopied).toHaveLength(1)
    expect(result.warnings.map((w) => w.code)).toContain('ICB_BACKUP_WARN_LOG_COPIED')
    expect(result.point?.state).toBe('refreshed')
  })

  it('enables a destination in error again and copies what it missed', async () => {
    done(await stand.backup())
    stand.database.areaDestination = 'ERROR'
    const result = done(await stand.backup())
    expect(stand.database.sent).toContain('sql: alter system set log_archive_dest_state_10=enable')
    expect(result.warnings.map((w) => w.code)).toContain('ICB_BACKUP_WARN_DESTINATION')
    expect(result.point?.state).toBe('refreshed')
  })

  it('fails before the snapshot when a needed log is lost everywhere, and makes the next point whole with acceptGap', async () => {
    done(await stand.backup())
    await stand.database.switchLog()
    for (const log of stand.database.logs.filter((l) => l.sequence === stand.database.sequence - 1)) await rm(log.name)
    for (const log of stand.database.logs.filter((l) => l.sequence === stand.database.sequence - 1)) log.status = 'X'
    const failed = await stand.backup()
    expect([codeOf(failed), failed.failedStep, stand.memory.volume.snapshots.size]).toEqual(['ICB_BACKUP_CHAIN_BROKEN', 'window-close', 0])
    const accepted = done(await stand.backup({ acceptGap: true }))
    expect(accepted.point).toMatchObject({ state: 'damaged' })
    expect(accepted.point!.remarks![0]).toMatch(/archived log 1\/\d+ is missing/)
    const next = done(await stand.backup())
    expect(next.point?.state).toBe('refreshed')
  })

  it('notices a log that is listed and gone from disk', async () => {
    done(await stand.backup())
    await stand.database.switchLog()
    const gone = stand.database.logs.findLast((l) => l.name.startsWith(stand.areaPath))!
    await rm(gone.name)
    const result = done(await stand.backup())
    expect(result.logsCopied).toMatchObject([{ sequence: gone.sequence }])
    expect(stand.database.sent.some((s) => s.includes('CROSSCHECK ARCHIVELOG ALL'))).toBe(true)
  })

  it('[H28] gives up when nothing lands anywhere', async () => {
    done(await stand.backup())
    const execute = stand.database.sql.execute.bind(stand.database.sql)
    const sql = { ...stand.database.sql, execute: async (statements: readonly string[]) => { if (!/archive log current/i.test(statements[0] ?? '')) await execute(statements) } }
    const result = await stand.backup({}, { sql })
    expect([codeOf(result), result.failedStep]).toEqual(['ICB_BACKUP_LOG_NOT_LANDED', 'log-switch'])
    expect((await manifest()).state).toBe('refreshed')
  })

  it('deletes per thread only what is out of the window, not needed by the copies and in a recovery point', async () => {
    done(await stand.backup())
    for (let day = 0; day < 5; day++) {
      stand.clock.offset += 86_400_000
      await stand.database.switchLog()
      done(await stand.backup())
    }
    const deleted = stand.database.logs.filter((l) => l.deleted)
    expect(deleted.length).toBeGreaterThan(0)
    const { window } = await manifest()
    expect(deleted.every((l) => l.nextScn <= window!.redoFrom)).toBe(true)
    expect(stand.database.sent.filter((s) => /DELETE.*ARCHIVELOG/.test(s)).every((s) => !s.includes('FORCE') && /UNTIL SEQUENCE \d+ THREAD 1/.test(s))).toBe(true)
  })
})

describe('a refresh that fails', () => {
  it('[H31] leaves the manifest without a window, the snapshot before it whole, and the next run snapshots it as no recovery point', async () => {
    done(await stand.backup())
    stand.database.rmanFailures.push({ match: /^RECOVER COPY/, messages: [{ code: 'RMAN-03002', text: 'failure of recover command' }, { code: 'ORA-19566', text: 'exceeded limit of 0 corrupt blocks' }] })
    const failed = await stand.backup()
    expect([codeOf(failed), failed.failedStep]).toEqual(['ICB_BACKUP_RMAN_FAILED', 'refresh'])
    expect(failed.point?.state).toBe('refreshed')
    expect(await manifest()).toMatchObject({ state: 'refreshing' })
    expect((await manifest()).window).toBeUndefined()
    expect(stand.database.sent.some((s) => s.includes('DELETE'))).toBe(false)

    stand.database.rmanFailures.length = 0
    const next = done(await stand.backup())
    expect(next.point).toMatchObject({ state: 'refreshing' })
    expect(next.warnings.map((w) => w.code)).toContain('ICB_BACKUP_WARN_NO_WINDOW')
    expect((await manifest()).state).toBe('refreshed')
    const third = done(await stand.backup())
    expect(third.point?.state).toBe('refreshed')
  })

  it('is not taken for good when a file was neither merged nor copied', async () => {
    done(await stand.backup())
    const run = stand.database.rman.run.bind(stand.database.rman)
    const rman = { run: (options: Parameters<typeof run>[0]) => run({ ...options, onEvent: (event) => { if (!(event.type === 'merging' && event.file === 3)) options.onEvent?.(event) } }) }
    const result = await stand.backup({}, { rman })
    expect([codeOf(result), result.failedStep]).toEqual(['ICB_BACKUP_REFRESH_INCOMPLETE', 'refresh'])
  })

  it('is not taken for good when a copy is shorter on disk than the database says', async () => {
    done(await stand.backup())
    stand.database.onRman = async (script) => {
      if (script.includes('LEVEL 1')) await truncate(stand.database.copies[0]!.name, 100)
    }
    const result = await stand.backup()
    expect([codeOf(result), result.failedStep]).toEqual(['ICB_BACKUP_COPY_UNREADABLE', 'refresh'])
    expect(stand.database.pieces.some((p) => p.tag === 'IMAGE_COPY_INCR' && p.deleted)).toBe(false)
  })

  it('on the very first run leaves nothing that is called a point', async () => {
    stand.database.rmanFailures.push({ match: /^RECOVER COPY/, messages: [{ code: 'RMAN-03002', text: 'failure' }] })
    expect((await stand.backup()).outcome).toBe('failed')
    stand.database.rmanFailures.length = 0
    const next = done(await stand.backup())
    expect(next.snapshot).toBeUndefined()
  })
})

describe('RMAN that outlives its client', () => {
  it('is waited for', async () => {
    stand.database.sessions.push({ clientInfo: 'id=cafe0001-abcdefgh12,rman channel=c1', sid: 7 })
    let asked = 0
    const query = stand.database.sql.query.bind(stand.database.sql)
    const sql = { ...stand.database.sql, query: ((q: { name: string }, o: never) => {
      if (q.name.startsWith('gv$session') && ++asked > 3) stand.database.sessions.length = 0
      return query(q as never, o)
    }) as typeof query }
    done(await stand.backup({}, { sql }))
    expect(asked).toBeGreaterThan(3)
  })

  it('stops the run when it does not end, and sessions of other people do not', async () => {
    stand.database.sessions.push({ clientInfo: 'id=nightly_backup,rman channel=t1', sid: 8 })
    done(await stand.backup())
    stand.database.sessions.push({ clientInfo: 'id=cafe0001-abcdefgh12,rman channel=c1', sid: 7 })
    const result = await stand.backup()
    expect([codeOf(result), result.failedStep]).toEqual(['ICB_BACKUP_SESSION_RUNNING', 'reconcile'])
  })
})

describe('a crash', () => {
  it('of a cleaning, which has no journal: the next run removes its half deletion', async () => {
    done(await stand.backup())
    stand.memory.volume.halfMade.add('orcl-20260101T000000Z-cafe0001-abcdefgh')
    done(await stand.backup())
    expect([...stand.memory.volume.halfMade]).toEqual([])
  })

  it.each([['log-switch'], ['snapshot-create'], ['manifest-refreshing'], ['refresh'], ['controlfile-backup'], ['manifest-refreshed'], ['archivelogs-delete']])('in %s: the next run settles it and goes on', async (where) => {
    done(await stand.backup())
    const first = done(await stand.backup())
    const deps = await stand.dependencies()
    // A killed process appends nothing more: neither outcome nor failure nor end.
    let dead = false
    const journal = { ...deps.journal, append: async (entry: Parameters<typeof deps.journal.append>[0]) => {
      if (dead) throw new Error('dead')
      const record = await deps.journal.append(entry)
      if (entry.kind === 'intent' && entry.step === where) { dead = true; throw new Error('killed') }
      return record
    } }
    const { runBackup } = await import('../src/index.ts')
    const killed = await runBackup({ ...deps, journal })
    await deps.journal.close()
    expect(killed.failedStep).toBe(where)

    const next = await stand.dependencies()
    expect(next.unfinished.map((u) => u.runId)).toEqual([deps.runId])
    done(await runBackup(next))
    await next.journal.close()
    const last = await stand.dependencies()
    expect(last.unfinished).toEqual([])
    const result = done(await runBackup(last))
    await last.journal.close()
    expect(result.point?.state).toBe('refreshed')
    const entries = await readPoints(stand.areaPath)
    for (const snapshot of stand.memory.volume.snapshots.values()) expect(entries.map((e) => e.snapshot)).toContain(snapshot.name)
    expect(entries.find((e) => e.snapshot === first.snapshot!.name)?.state).toBe('refreshed')
  })
})

describe('copies of dropped datafiles', () => {
  it('[M:dropped-copies] are deleted after the snapshot, one at a time without a question', async () => {
    done(await stand.backup())
    stand.database.datafiles.pop()
    const result = done(await stand.backup())
    expect(stand.database.copies.filter((c) => c.deleted).map((c) => c.file)).toEqual([4])
    expect(result.refresh?.merged).toEqual([1, 2, 3])
  })

  it('that are gone from disk already leave the repository', async () => {
    done(await stand.backup())
    const dropped = stand.database.datafiles.pop()!
    const copy = stand.database.copies.find((c) => c.file === dropped.file)!
    await rm(copy.name)
    const result = done(await stand.backup())
    expect(copy.deleted).toBe(true)
    expect(result.warnings.map((w) => w.code)).not.toContain('ICB_BACKUP_WARN_NOT_DELETED')
  })

  it('are kept when they are many, until that is allowed', async () => {
    done(await stand.backup())
    stand.database.datafiles.length = 2
    const kept = done(await stand.backup())
    expect(kept.warnings.map((w) => w.code)).toContain('ICB_BACKUP_REFUSED_PURGE')
    expect(stand.database.copies.filter((c) => c.deleted)).toEqual([])
    done(await stand.backup({ allowPurge: true }))
    expect(stand.database.copies.filter((c) => c.deleted).map((c) => c.file)).toEqual([3, 4])
  })
})

describe('a dry run', () => {
  it('changes nothing and says what a run would do', async () => {
    const result = await stand.backup({ dryRun: true })
    expect(result.outcome).toBe('planned')
    expect(result.planned!.join('\n')).toMatch(/copy 4 datafiles in full for the first time/)
    expect(stand.database.sent).toEqual([])
    expect(await namesIn(stand.areaPath)).toEqual([])
  })
})

describe('a recovery catalog', () => {
  const answering = (errors: (script: string) => readonly { code: string; text: string }[], seen: string[]): Rman => ({
    run: ({ script }) => {
      seen.push(script.trim())
      const found = errors(script)
      return Promise.resolve({ ok: found.length === 0, exitCode: found.length === 0 ? 0 : 1, timedOut: false, errors: found, warnings: [], durationMs: 1, tail: [] })
    },
  })

  it('[M:recovery-catalog] is told after the backup; a database that it does not know is registered', async () => {
    const seen: string[] = []
    const catalogRman = answering((script) => (script.includes('RESYNC') ? [{ code: 'RMAN-20001', text: 'target database not found in recovery catalog' }] : []), seen)
    expect(done(await stand.backup({}, { catalogRman })).warnings).toEqual([])
    expect(seen).toEqual(['RESYNC CATALOG;', 'REGISTER DATABASE;'])
  })

  it('that is down makes a warning and nothing else', async () => {
    const catalogRman = answering(() => [{ code: 'RMAN-04004', text: 'error from recovery catalog database: ORA-12541: TNS:no listener' }, { code: 'RMAN-06002', text: 'command not allowed when not connected to a recovery catalog' }], [])
    const result = done(await stand.backup({}, { catalogRman }))
    expect(result.warnings).toMatchObject([{ code: 'ICB_BACKUP_WARN_CATALOG', message: expect.stringContaining('ORA-12541') as string }])
  })
})

describe('warnings of RMAN', () => {
  it('about logs that a standby needs become one warning', async () => {
    done(await stand.backup())
    for (let day = 0; day < 4; day++) {
      // A minute more, so that the log of two days ago is outside of the window at any second.
      stand.clock.offset += 86_460_000
      done(await stand.backup())
    }
    stand.database.warnings.push({ match: /DELETE NOPROMPT ARCHIVELOG/, message: { code: 'RMAN-08137', text: 'archived log not deleted, needed for standby or upstream capture process' } })
    stand.clock.offset += 86_460_000
    const result = done(await stand.backup())
    expect(result.warnings.map((w) => w.code)).toEqual(['ICB_BACKUP_WARN_LOGS_HELD'])
  })
})
