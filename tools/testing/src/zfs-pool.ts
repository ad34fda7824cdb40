// The lab's appliance needs the same pool and imports nothing from here, so it is its owner.
export { makeZfsPool, zfsPoolLacks } from '../../lab/src/appliance-zfssa/zfs-fuse.ts'
export type { ZfsPool, ZfsPoolOptions } from '../../lab/src/appliance-zfssa/zfs-fuse.ts'
