import type { ProcessRunner, ProcessSpec } from '@icb/runtime'
import { adapter } from '../src/index.ts'
import { describe, expect, it } from 'vitest'
import { collect, contextWith, lossyRunner, openOn } from './bench.ts'

interface Reply {
  readonly exitCode?: number
  readonly stdout?: readonly string[]
  readonly stderr?: readonly string[]
}

/** Answers as OpenZFS would, by the words of the command. */
function scripted(reply: (args: readonly string[], spec: ProcessSpec) => Reply): { readonly run: ProcessRunner; readonly seen: (readonly string[])[] } {
  const seen: (readonly string[])[] = []
  return {
    seen,
    run: async (spec) => {
      seen.push(spec.args)
      const { exitCode = 0, stdout = [], stderr = [] } = reply(spec.args, spec)
      for (const line of stdout) spec.onLine?.(line, 'stdout')
      for (const line of stderr) spec.onLine?.(line, 'stderr')
      return { exitCode, signal: null, timedOut: false, canceled: false, durationMs: 1, tail: [], lineCount: stdout.length, cutLines: 0 }
    },
  }
}

const name = 'orcl-20260301T220000Z-host-1'
const row = (target: string, property: string, value: string, source = '-'): string => [target, property, value, source].join('\t')
const snapshotRows = (target: string, more: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries({ creation: '1772402400', createtxg: '12', used: '9007199254740993', referenced: '18014398509481985', userrefs: '0', clones: '', ...more })
    .map(([key, value]) => row(target, key, value))
    .concat(row(target, 'org.icb:database', 'orcl', 'local'))

describe('several datasets', () => {
  it('are snapshotted by one command, and sizes are exact', async () => {
    const { run, seen } = scripted((args) => (args[0] === 'get' ? { stdout: ['tank/a/data', 'tank/b/logs'].flatMap((dataset) => snapshotRows(`${dataset}@${name}`)) } : {}))
    const storage = await openOn({ dataset: ['tank/a/data', 'tank/b/logs'] }, run)
    expect(storage.capabilities).toMatchObject({ atomic: true, atomicGroup: true })
    const made = await storage.createSnapshot(name)
    expect(seen.filter(([verb]) => verb === 'snapshot')).toEqual([['snapshot', '-o', 'org.icb:database=orcl', `tank/a/data@${name}`, `tank/b/logs@${name}`]])
    expect(made).toMatchObject({ spaceUnique: 18014398509481986n, spaceTotal: 36028797018963970n, hasClones: false })
  })

  it('never list a snapshot that only some of them have; removeLeftovers removes it', async () => {
    const { run, seen } = scripted((args) => (args[0] === 'get' ? { stdout: [...snapshotRows(`tank/a/data@${name}`), ...snapshotRows('tank/a/data@orcl-20260302T220000Z-host-1'), ...snapshotRows('tank/b/logs@orcl-20260302T220000Z-host-1')] } : {}))
    const storage = await openOn({ dataset: ['tank/a/data', 'tank/b/logs'] }, run)
    expect((await collect(storage.listSnapshots())).map((snapshot) => snapshot.name)).toEqual(['orcl-20260302T220000Z-host-1'])
    expect(await storage.removeLeftovers?.()).toEqual([name])
    expect(seen.filter(([verb]) => verb === 'destroy')).toEqual([['destroy', `tank/a/data@${name}`]])
  })

  it('a listing without the time of a snapshot, or with one that cannot be, is refused: it would look older than all', async () => {
    const lines = snapshotRows(`tank/a@${name}`)
    const { run } = scripted((args) => (args[0] === 'get' ? { stdout: lines.filter((line) => !line.includes('\tcreation\t')) } : {}))
    const storage = await openOn({ dataset: 'tank/a' }, run)
    await expect(collect(storage.listSnapshots())).rejects.toMatchObject({ code: 'ICB_STORAGE_PROTOCOL' })
    const late = scripted((args) => (args[0] === 'get' ? { stdout: snapshotRows(`tank/a@${name}`, { creation: '5819766762869647721' }) } : {}))
    await expect(collect((await openOn({ dataset: 'tank/a' }, late.run)).listSnapshots())).rejects.toMatchObject({ code: 'ICB_STORAGE_PROTOCOL' })
  })

  it('must be in one pool and have different last parts', async () => {
    const { run } = scripted(() => ({}))
    await expect(openOn({ dataset: ['tank/a', 'dozer/b'] }, run)).rejects.toMatchObject({ code: 'ICB_STORAGE_OPTIONS' })
    await expect(openOn({ dataset: ['tank/a/x', 'tank/b/x'] }, run)).rejects.toMatchObject({ code: 'ICB_STORAGE_OPTIONS' })
  })
})

describe('failures of zfs', () => {
  const failing = async (exitCode: number, stderr: string, options: Readonly<Record<string, unknown>> = {}): Promise<unknown> => {
    const { run } = scripted(() => ({ exitCode, stderr: [stderr] }))
    const storage = await openOn({ dataset: 'tank/orcl', ...options }, run)
    return storage.describe().catch((error: unknown) => error)
  }

  it.each([
    [1, 'cannot open: Permission denied', {}, 'ICB_STORAGE_AUTH'],
    [1, 'sudo: a password is required', { sudo: true }, 'ICB_STORAGE_AUTH'],
    [255, 'icb@filer: Permission denied (publickey).', { host: 'filer' }, 'ICB_STORAGE_AUTH'],
    [255, 'Host key verification failed.', { host: 'filer' }, 'ICB_STORAGE_TLS'],
    [255, 'ssh: connect to host filer port 22: Connection refused', { host: 'filer' }, 'ICB_STORAGE_UNREACHABLE'],
    [255, 'internal error: out of cheese', {}, 'ICB_STORAGE_PROTOCOL'],
    [127, 'sh: 1: zfs: not found', { host: 'filer' }, 'ICB_STORAGE_UNSUPPORTED'],
  ])('exit code %s, "%s"', async (exitCode, stderr, options, code) => {
    expect(await failing(exitCode, stderr, options)).toMatchObject({ code })
  })

  it('a program that is not there is UNSUPPORTED with the way out', async () => {
    const storage = await adapter.open({ dataset: 'tank/orcl', zfs: '/nowhere/zfs' }, contextWith(lossyRunner().runProcess))
    await expect(storage.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED', hint: expect.stringContaining('zfs') })
  })

  it('a clone that another caller mounts at the same moment is there', async () => {
    const clone = [row('tank/c1', 'creation', '1772402500'), row('tank/c1', 'origin', `tank/orcl@${name}`), row('tank/c1', 'mountpoint', '/tank/c1'), row('tank/c1', 'mounted', 'yes'), row('tank/c1', 'org.icb:database', 'orcl', 'local')]
    const { run } = scripted((args) =>
      args[0] === 'clone' ? { exitCode: 1, stderr: ["cannot mount 'tank/c1': mountpoint or dataset is busy"] } : args[0] === 'get' ? { stdout: args.some((arg) => arg.includes('@')) ? snapshotRows(`tank/orcl@${name}`) : clone } : {},
    )
    const storage = await openOn({ dataset: 'tank/orcl' }, run)
    expect(await storage.createClone(name, 'c1')).toMatchObject({ id: 'c1', snapshot: name })
  })

  it('a clone that another caller makes at the same moment is ours once it is marked', async () => {
    const clone = [row('tank/c1', 'creation', '1772402500'), row('tank/c1', 'origin', `tank/orcl@${name}`), row('tank/c1', 'mountpoint', '/tank/c1'), row('tank/c1', 'mounted', 'yes')]
    let reads = 0
    const { run } = scripted((args) => {
      if (args[0] === 'clone') return { exitCode: 1, stderr: ["cannot create 'tank/c1': dataset already exists"] }
      if (args[0] !== 'get') return {}
      if (args.some((arg) => arg.includes('@'))) return { stdout: snapshotRows(`tank/orcl@${name}`) }
      reads += 1
      return { stdout: reads < 3 ? clone : [...clone, row('tank/c1', 'org.icb:database', 'orcl', 'local')] }
    })
    const storage = await openOn({ dataset: 'tank/orcl' }, run)
    expect(await storage.createClone(name, 'c1')).toMatchObject({ id: 'c1', snapshot: name })
  })

  it('never uses a recursive option', async () => {
    const { run, seen } = scripted((args) =>
      args[0] === 'get' ? { stdout: snapshotRows(`tank/orcl@${name}`) } : args[0] === 'destroy' ? { exitCode: 1, stderr: ["cannot destroy 'x': snapshot has dependent clones", "use '-R' to destroy the following datasets:", 'tank/c'] } : {},
    )
    const storage = await openOn({ dataset: 'tank/orcl' }, run)
    await expect(storage.deleteSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_HAS_CLONES' })
    expect(seen.filter(([verb]) => verb === 'destroy')).toEqual([['destroy', `tank/orcl@${name}`]])
  })
})

describe('provenance', () => {
  it('an inherited mark is no mark', async () => {
    const rows = snapshotRows(`tank/orcl@${name}`).map((line) => line.replace('\tlocal', '\tinherited from tank/orcl'))
    const { run, seen } = scripted((args) => (args[0] === 'get' ? { stdout: rows } : {}))
    const storage = await openOn({ dataset: 'tank/orcl' }, run)
    expect((await collect(storage.listSnapshots()))[0]?.ours).toBe(false)
    await expect(storage.deleteSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_FOREIGN' })
    expect(seen.some(([verb]) => verb === 'destroy')).toBe(false)
  })
})
