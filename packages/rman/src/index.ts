export type { Rman, RmanEvent, RmanMessage, RmanResult, RmanRunOptions } from './rman-event.ts'
