import type { FileIdentity } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'
export async function identifyFile(_kernel: Kernel, _path: string): Promise<FileIdentity> { throw ora(3001, 'unimplemented feature') }
