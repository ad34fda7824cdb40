import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { autorestoreCfgOf, formatAutorestoreCfg, parseAutorestoreCfg, readAutorestoreCfg, writeAutorestoreCfg } from '../src/index.ts'
import { sampleManifest } from './sample-manifest.ts'

describe('autorestore.cfg', () => {
  it('reads both separators, lower-cases keys and lets the last value win', () => {
    const cfg = parseAutorestoreCfg('[dbparams]\nDB_Name = ORCL\ncompatible: 12.1.0\nbackup-finished: 2026-03-28 01:02:03\nlastscn: 1\nlasttime: 2026-03-28 22:39:45\nbctfile: /u01/bct.f\nlastscn: 2\nbctfile: \n')
    expect(cfg).toMatchObject({ dbName: 'ORCL', compatible: '12.1.0', backupFinished: '2026-03-28 01:02:03', lastScn: 2n, lastTime: '2026-03-28 22:39:45', bctFile: '' })
    expect(cfg.values['lastscn']).toBe('2')
  })

  it('leaves unknown what is not there', () => {
    const cfg = parseAutorestoreCfg('[dbparams]\ndb_name: ORCL\n[other]\nlastscn: 9\n# lastscn: 8\nlastscn\n')
    expect(Object.keys(cfg).sort()).toEqual(['dbName', 'values'])
    expect(parseAutorestoreCfg('[dbparams]\nlastscn: much\n').lastScn).toBeUndefined()
  })

  it('comes back as it was written', async () => {
    const area = await mkdtemp(join(tmpdir(), 'icb-cfg-'))
    try {
      expect(await readAutorestoreCfg(area)).toBeUndefined()
      const cfg = autorestoreCfgOf(sampleManifest(), '2026-03-29 01:02:03')
      await writeAutorestoreCfg(area, cfg)
      expect(await readAutorestoreCfg(area)).toMatchObject(cfg)
      expect(cfg).toMatchObject({ dbName: 'ORCL', minScn: 120n, lastScn: 200n, timezone: '+02:00', bctFile: '', enablePluggableDatabase: false })
      expect(formatAutorestoreCfg(cfg).startsWith('[dbparams]\ndb_name: ORCL\n')).toBe(true)
    } finally {
      await rm(area, { recursive: true })
    }
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parseAutorestoreCfg(text).values === 'object'))
  })
})
