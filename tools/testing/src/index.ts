export { loopFilesystemLacks, makeLoopFilesystem } from './loop-filesystem.ts'
export type { LoopFilesystem, LoopFilesystemType } from './loop-filesystem.ts'
