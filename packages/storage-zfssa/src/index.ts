export { adapter } from './adapter.ts'
export { zfssaChecks } from './checks.ts'
export type { ZfssaOptions } from './options.ts'
