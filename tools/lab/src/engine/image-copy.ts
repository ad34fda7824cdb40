import type { CopyResult, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'
export async function copyDatafile(_kernel: Kernel, _file: number, _destination: string, _options: { readonly tag: string | null; readonly level0: boolean; readonly session: ServerSession }): Promise<CopyResult> { throw ora(3001, 'unimplemented feature') }
export async function copyArchivedLog(_kernel: Kernel, _source: string, _destination: string): Promise<void> { throw ora(3001, 'unimplemented feature') }
export async function createEmptyDatafile(_kernel: Kernel, _file: number, _path: string): Promise<void> { throw ora(3001, 'unimplemented feature') }
