export { adapter } from './adapter.ts'
export { checks } from './checks.ts'
export type { DoradoOptions } from './options.ts'
