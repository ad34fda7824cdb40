import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeZfsPool, zfsPoolLacks } from '../../src/appliance-zfssa/zfs-fuse.ts'
import { createDirectoryEngine } from '../../src/volume-engine/directory-engine.ts'
import type { VolumeEngine } from '../../src/volume-engine/volume-engine.ts'
import { createZfsVolumeEngine } from '../../src/volume-engine/zfs-volume-engine.ts'

interface Bed extends AsyncDisposable {
  readonly engine: VolumeEngine
}

async function directories(): Promise<Bed> {
  const directory = mkdtempSync(join(tmpdir(), 'icb-engine-'))
  return { engine: createDirectoryEngine(directory), [Symbol.asyncDispose]: async () => { rmSync(directory, { recursive: true, force: true }) } }
}

async function zfs(): Promise<Bed> {
  const pool = await makeZfsPool()
  return { engine: createZfsVolumeEngine(pool), [Symbol.asyncDispose]: () => pool.dispose() }
}

const lacking = zfsPoolLacks()

describe.each([{ name: 'directories', make: directories, skip: false }, { name: `a real ZFS${lacking === undefined ? '' : ` (${lacking})`}`, make: zfs, skip: lacking !== undefined }])('volumes on $name', ({ make, skip }) => {
  it.skipIf(skip)('keep snapshots as they were, give writable clones, and free what is removed', async () => {
    await using bed = await make()
    const { engine } = bed
    const [file, text] = [(id: string): string => join(engine.volume(id), 'a.dbf'), (id: string): string => readFileSync(file(id), 'utf8')]
    engine.create('v')
    writeFileSync(file('v'), 'one')
    engine.snapshot('v', 's1')
    writeFileSync(file('v'), 'second')
    engine.clone('v', 's1', 'c')
    expect([text('v'), text('c')]).toEqual(['second', 'one'])
    writeFileSync(file('c'), 'changed')
    expect(text('v')).toBe('second')
    engine.split('c')
    expect(text('c')).toBe('changed')
    engine.removeVolume('c')
    expect(() => readFileSync(file('c'))).toThrow()
    engine.restore('v', 's1')
    expect(text('v')).toBe('one')
    expect(engine.bytes('v')).toBeGreaterThan(0)
    expect(engine.freedBy('v', new Set(['s1']))).toBeGreaterThanOrEqual(0)
    engine.removeSnapshot('v', 's1')
    expect(text('v')).toBe('one')
    engine.removeVolume('v')
    expect(() => readFileSync(file('v'))).toThrow()
  })
})
