import { createRequire } from 'node:module'
import { join } from 'node:path'
import type oracledb from 'oracledb'
import { oracleErrors } from './errors.ts'

export type OracledbModule = typeof oracledb

/** Places where the package may be installed. */
function resolvers(directories: readonly string[]): readonly NodeJS.Require[] {
  return [...directories.map((directory) => createRequire(join(directory, 'index.js'))), createRequire(import.meta.url)]
}

/** File of the `oracledb` package: beside one of the directories, else beside this program. `undefined`: not installed. */
export function findOracledb(directories: readonly string[] = []): string | undefined {
  for (const require of resolvers(directories)) {
    try {
      return require.resolve('oracledb')
    } catch {
      // The next place.
    }
  }
  return undefined
}

const missing = (): Error =>
  oracleErrors.DRIVER('the package oracledb is not installed', { hint: 'Run "npm install oracledb" in the directory of the configuration or of the program, or set driver = sqlplus.' })

/** File of the package. @throws ICB_ORACLE_DRIVER when it is not installed */
export function requireOracledb(directories: readonly string[] = []): string {
  const file = findOracledb(directories)
  if (file === undefined) throw missing()
  return file
}

/**
 * Loads the driver when it is first needed; a program without it works until then.
 * @throws ICB_ORACLE_DRIVER when it is not installed or does not load
 */
export function loadOracledb(directories: readonly string[] = []): OracledbModule {
  const file = requireOracledb(directories)
  try {
    return createRequire(import.meta.url)(file) as OracledbModule
  } catch (cause) {
    throw oracleErrors.DRIVER(`the package oracledb does not load: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, details: { file } })
  }
}
