export { adapter } from './adapter.ts'
export { checks } from './checks.ts'
export type { OntapOptions } from './options.ts'
