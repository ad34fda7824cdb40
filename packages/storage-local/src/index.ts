export { adapter } from './adapter.ts'
export { checks } from './checks.ts'
export type { LocalMode, LocalOptions } from './options.ts'
