import { DateTime } from 'luxon'
import { storageErrors } from '../src/index.ts'
import type { Clone, Snapshot, SnapshotStorage } from '../src/index.ts'
import type { MemorySnapshot, MemoryStorage } from '../src/testing.ts'

type Alter = (storage: MemoryStorage) => SnapshotStorage

/** Changes some methods of the memory storage; the others stay. */
function broken(change: (storage: MemoryStorage) => Partial<MemoryStorage>): Alter {
  return (storage) => ({ ...storage, ...change(storage) })
}

async function* mapped<T>(elements: AsyncIterable<T>, change: (element: T) => T): AsyncGenerator<T, void, undefined> {
  for await (const element of elements) yield change(element)
}

async function all<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const element of elements) found.push(element)
  return found
}

async function* late<T>(elements: () => Promise<T[]>): AsyncGenerator<T, void, undefined> {
  yield* await elements()
}

const listed = (change: (snapshot: Snapshot) => Snapshot): Alter => broken((storage) => ({ listSnapshots: (options) => mapped(storage.listSnapshots(options), change) }))
const listedClones = (change: (clone: Clone) => Clone): Alter => broken((storage) => ({ listClones: (options) => mapped(storage.listClones(options), change) }))
const view = (storage: MemoryStorage, record: MemorySnapshot): Snapshot => ({
  id: record.id,
  name: record.name,
  createdAt: DateTime.fromMillis(record.createdAt, { zone: 'utc' }),
  ours: true,
  hasClones: storage.volume.hasClones(record.id),
  spaceTotal: 0n,
})

/** Looks first and acts later, with a request in between: the classic race. */
const slowly = async (storage: MemoryStorage): Promise<void> => {
  await all(storage.listSnapshots())
}

/**
 * For each rule of the contract an adapter that breaks it, most by a mistake that was really made somewhere.
 * The key is the rule that has to fail.
 */
export const mutants: Readonly<Record<string, Alter>> = {
  'capabilities.methods': broken((storage) => ({ capabilities: { ...storage.capabilities, labels: false } })),
  'capabilities.clones': broken(() => ({
    createClone: async () => {
      throw storageErrors.UNSUPPORTED('no clones here')
    },
  })),
  'capabilities.space': listed(({ spaceTotal, ...snapshot }) => ({ ...snapshot, spaceTotal: Number(spaceTotal) as unknown as bigint })),
  'describe.shape': broken((storage) => ({ describe: async (options) => ({ ...(await storage.describe(options)), mounts: [] }) })),
  'volume.create': broken((storage) => {
    let count = 0
    return { createVolume: async (spec, options) => ({ ...(await storage.createVolume(spec, options)), id: `volume-${++count}` }) }
  }),

  'snapshot.create.answer': broken((storage) => ({ createSnapshot: async (name, options) => ({ ...(await storage.createSnapshot(name, options)), ours: false }) })),
  'snapshot.create.idempotent': broken((storage) => ({ createSnapshot: async (name) => view(storage, storage.volume.addSnapshot(name, true)) })),
  'snapshot.create.concurrent': broken((storage) => ({
    createSnapshot: async (name, options) => {
      options?.signal?.throwIfAborted()
      const present = storage.volume.snapshotNamed(name)
      await slowly(storage)
      return view(storage, present ?? storage.volume.addSnapshot(name, true, options?.labels))
    },
  })),
  'snapshot.create.concurrent-names': broken((storage) => {
    let current = ''
    return {
      createSnapshot: async (name, options) => {
        current = name
        await slowly(storage)
        return storage.createSnapshot(current, options)
      },
    }
  }),
  'snapshot.create.foreign-name': broken((storage) => ({
    createSnapshot: async (name, options) => {
      const present = storage.volume.snapshotNamed(name)
      return present === undefined ? storage.createSnapshot(name, options) : view(storage, present)
    },
  })),
  'snapshot.create.long-name': broken((storage) => ({ createSnapshot: (name, options) => storage.createSnapshot(name.slice(0, 40), options) })),
  'snapshot.create.lost-answer': broken((storage) => ({
    createSnapshot: async (name, options) => {
      if (storage.volume.snapshotNamed(name) !== undefined) throw storageErrors.EXISTS(`${name} exists`)
      return storage.createSnapshot(name, options)
    },
  })),
  'snapshot.create.failed': broken((storage) => ({
    createSnapshot: async (name, options) => {
      if (storage.volume.snapshotNamed(name) === undefined) view(storage, storage.volume.addSnapshot(name, true, options?.labels))
      return storage.createSnapshot(name, options)
    },
  })),
  'snapshot.create.half-made': broken((storage) => ({
    listSnapshots: (options) =>
      late(async () => [
        ...(await all(storage.listSnapshots(options))),
        ...[...storage.volume.halfMade].map((name): Snapshot => ({ id: name, name, createdAt: DateTime.utc(2026), ours: true, hasClones: false, spaceTotal: 0n })),
      ]),
  })),
  'leftovers.remove': broken((storage) => ({ removeLeftovers: async () => [...storage.volume.halfMade] })),

  'listing.order': broken((storage) => ({ listSnapshots: (options) => late(async () => (await all(storage.listSnapshots(options))).toSorted((a, b) => (a.name < b.name ? -1 : 1))) })),
  'listing.complete': broken((storage) => ({ listSnapshots: (options) => late(async () => (await all(storage.listSnapshots(options))).slice(0, 10)) })),
  'listing.requests': broken((storage) => ({
    listSnapshots: (options) =>
      late(async () => {
        const snapshots = await all(storage.listSnapshots(options))
        for (let count = 0; count < snapshots.length; count++) await storage.describe(options)
        return snapshots
      }),
  })),
  'listing.foreign': listed((snapshot) => ({ ...snapshot, ours: snapshot.name.startsWith('orcl') })),
  'listing.times': listed((snapshot) => ({ ...snapshot, createdAt: snapshot.createdAt.setZone('Europe/Berlin') })),
  'listing.session': broken((storage) => {
    const mine = new Set<string>()
    return {
      createSnapshot: async (name, options) => {
        const snapshot = await storage.createSnapshot(name, options)
        mine.add(snapshot.id)
        return snapshot
      },
      listSnapshots: (options) => mapped(storage.listSnapshots(options), (snapshot) => ({ ...snapshot, ours: mine.has(snapshot.id) })),
    }
  }),
  'listing.restart': broken((storage) => {
    let running: AsyncIterable<Snapshot> | undefined
    return { listSnapshots: (options) => (running ??= storage.listSnapshots(options)) }
  }),

  'snapshot.delete.only-it': broken((storage) => ({
    deleteSnapshot: async (id, options) => {
      await storage.deleteSnapshot(id, options)
      // `zfs destroy -r` with a prefix: the newest goes along.
      const last = [...storage.volume.snapshots.keys()].at(-1)
      if (last !== undefined) await storage.deleteSnapshot(last, options)
    },
  })),
  'snapshot.delete.missing': broken((storage) => ({
    deleteSnapshot: async (id, options) => {
      if (!storage.volume.snapshots.has(id)) throw storageErrors.NOT_FOUND(`no snapshot ${id}`)
      await storage.deleteSnapshot(id, options)
    },
  })),
  'snapshot.delete.again': broken((storage) => {
    const names = new Set<string>()
    return {
      createSnapshot: async (name, options) => {
        if (names.has(name) && storage.volume.snapshotNamed(name) === undefined) throw storageErrors.BUSY(`${name} was just deleted`)
        names.add(name)
        return storage.createSnapshot(name, options)
      },
    }
  }),
  'snapshot.delete.concurrent': broken((storage) => ({
    deleteSnapshot: async (id, options) => {
      const present = storage.volume.snapshots.has(id)
      await slowly(storage)
      if (present && !storage.volume.snapshots.has(id)) throw storageErrors.NOT_FOUND(`${id} vanished`)
      await storage.deleteSnapshot(id, options)
    },
  })),
  'snapshot.delete.has-clones': broken((storage) => ({
    deleteSnapshot: async (id, options) => {
      for (const clone of storage.volume.clones.values()) if (clone.snapshot === id) storage.volume.clones.delete(clone.id)
      await storage.deleteSnapshot(id, options)
    },
  })),
  'snapshot.delete.foreign': broken((storage) => ({
    deleteSnapshot: async (id, options) => {
      if (storage.volume.snapshots.get(id)?.marked === false) storage.volume.snapshots.delete(id)
      await storage.deleteSnapshot(id, options)
    },
  })),
  'snapshot.delete.lost-answer': broken((storage) => {
    const tried = new Set<string>()
    return {
      deleteSnapshot: async (id, options) => {
        if (tried.has(id) && !storage.volume.snapshots.has(id)) throw storageErrors.PROTOCOL(`${id} is gone already`)
        tried.add(id)
        await storage.deleteSnapshot(id, options)
      },
    }
  }),

  'clone.list': listedClones((clone) => ({ ...clone, mounts: [{ kind: 'nfs', server: 'memory', path: '/orcl', options: 'rw' }] })),
  'clone.create.idempotent': broken((storage) => ({ createClone: (id, name, options) => storage.createClone(id, storage.volume.cloneNamed(name) === undefined ? name : `${name}-2`, options) })),
  'clone.create.concurrent': broken((storage) => ({
    createClone: async (id, name, options) => {
      const present = storage.volume.cloneNamed(name)
      await slowly(storage)
      if (present === undefined && storage.volume.cloneNamed(name) !== undefined) throw storageErrors.EXISTS(`${name} exists`)
      return storage.createClone(id, name, options)
    },
  })),
  'clone.create.several': broken((storage) => ({
    createClone: async (id, name, options) => {
      for (const clone of storage.volume.clones.values()) if (clone.snapshot === id && clone.name !== name) storage.volume.clones.delete(clone.id)
      return storage.createClone(id, name, options)
    },
  })),
  'clone.create.other-snapshot': broken((storage) => ({ createClone: (id, name, options) => storage.createClone(storage.volume.cloneNamed(name)?.snapshot ?? id, name, options) })),
  'clone.create.missing-snapshot': broken((storage) => ({
    createClone: async (id, name, options) => {
      if (!storage.volume.snapshots.has(id)) throw new Error('404')
      return storage.createClone(id, name, options)
    },
  })),
  'clone.create.lost-answer': broken((storage) => ({
    createClone: async (id, name, options) => {
      if (storage.volume.cloneNamed(name) !== undefined) throw storageErrors.EXISTS(`${name} exists`)
      return storage.createClone(id, name, options)
    },
  })),
  'clone.delete.missing': broken((storage) => ({
    deleteClone: async (id, options) => {
      if (!storage.volume.clones.has(id)) throw storageErrors.NOT_FOUND(`no clone ${id}`)
      await storage.deleteClone(id, options)
    },
  })),
  'clone.delete.not-a-clone': broken((storage) => ({
    deleteClone: async (id, options) => {
      if (storage.volume.snapshots.delete(id)) return
      await storage.deleteClone(id, options)
    },
  })),
  'clone.delete.foreign': broken((storage) => ({
    deleteClone: async (id) => {
      storage.volume.clones.delete(id)
    },
  })),
  'clone.delete.lost-answer': broken((storage) => {
    const tried = new Set<string>()
    return {
      deleteClone: async (id, options) => {
        if (tried.has(id) && !storage.volume.clones.has(id)) throw storageErrors.PROTOCOL(`${id} is gone already`)
        tried.add(id)
        await storage.deleteClone(id, options)
      },
    }
  }),
  'clone.contents': broken((storage) => ({
    createClone: async (id, name, options) => {
      const clone = await storage.createClone(id, name, options)
      for (const [path, text] of storage.volume.files) storage.volume.clones.get(clone.id)!.files.set(path, text)
      return clone
    },
  })),
  'clone.isolated': broken((storage) => ({
    createClone: async (id, name, options) => {
      const clone = await storage.createClone(id, name, options)
      const record = storage.volume.clones.get(clone.id)!
      // Hard links instead of copies: writing to the clone writes to its snapshot.
      const origin = storage.volume.snapshots.get(id)!.files as Map<string, string>
      storage.volume.clones.set(clone.id, { ...record, files: origin })
      return clone
    },
  })),
  'clone.repeat-keeps': broken((storage) => ({
    createClone: async (id, name, options) => {
      const clone = await storage.createClone(id, name, options)
      for (const [path, text] of storage.volume.snapshots.get(id)!.files) storage.volume.clones.get(clone.id)!.files.set(path, text)
      return clone
    },
  })),

  'holds.lock': broken((storage) => ({
    deleteSnapshot: async (id, options) => {
      await storage.releaseHold?.(id)
      await storage.deleteSnapshot(id, options)
    },
  })),
  'holds.repeat': broken((storage) => {
    const held = new Set<string>()
    return {
      hold: async (id, options) => {
        if (held.has(id)) throw storageErrors.EXISTS('tag already exists on this dataset')
        await storage.hold?.(id, options)
        held.add(id)
      },
    }
  }),
  'holds.until': broken((storage) => ({ hold: async (id, { reason }) => storage.hold?.(id, { reason }) })),
  'labels.kept': broken((storage) => ({
    setLabels: async (id, labels, options) => {
      const record = storage.volume.snapshots.get(id)
      if (record !== undefined) record.labels = {}
      await storage.setLabels?.(id, labels, options)
    },
  })),
  'labels.missing': broken((storage) => ({
    setLabels: async (id, labels, options) => {
      if (storage.volume.snapshots.has(id)) await storage.setLabels?.(id, labels, options)
    },
  })),
  'signal.aborted': broken((storage) => ({ createSnapshot: (name, options) => storage.createSnapshot(name, options?.labels === undefined ? {} : { labels: options.labels }) })),
}
