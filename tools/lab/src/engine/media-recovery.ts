import type { RecoverOptions } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'
export async function recoverDatabase(_kernel: Kernel, _options: RecoverOptions): Promise<void> { throw ora(3001, 'unimplemented feature') }
