export { adapter } from './adapter.ts'
export { checks } from './checks.ts'
export type { SoftnasOptions } from './options.ts'
