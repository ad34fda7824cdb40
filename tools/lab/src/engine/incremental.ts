import type { CopyResult, IncrementalResult, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'
export async function incrementalBackup(_kernel: Kernel, _files: readonly { readonly file: number; readonly sinceScn: bigint }[], _piece: { readonly path: string; readonly tag: string | null; readonly setRecid: number }, _session: ServerSession): Promise<ReadonlyMap<number, IncrementalResult>> { throw ora(3001, 'unimplemented feature') }
export async function applyIncremental(_kernel: Kernel, _copy: string, _piece: string, _file: number, _session: ServerSession): Promise<CopyResult> { throw ora(3001, 'unimplemented feature') }
