export { adapter } from './adapter.ts'
export { checks } from './checks.ts'
export type { OpenZfsOptions } from './options.ts'
