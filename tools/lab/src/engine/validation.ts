import type { BlockCounts, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'
import type { DatafileRecord } from './records.ts'
export async function validateDatafile(_kernel: Kernel, _record: DatafileRecord, _checkLogical: boolean, _session: ServerSession): Promise<BlockCounts> { throw ora(3001, 'unimplemented feature') }
