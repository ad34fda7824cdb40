import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './programs.ts'

/** Directory of the real configurations and logs, or `undefined` where there is none. */
export function referenceDirectory(): string | undefined {
  const directory = process.env['ICB_REFERENCE_DIR'] ?? join(repositoryRoot, '..', 'shared', 'reference')
  return existsSync(join(directory, 'rman-logs')) ? directory : undefined
}
