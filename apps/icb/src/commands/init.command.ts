import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { usageErrors } from '../errors.ts'
import { text, flag } from '../command.ts'
import type { CommandAction } from '../command.ts'

function template(database: string, dbid: string): string {
  return `# Configuration of icb. "icb config schema" prints its JSON schema, "icb config check" checks it.
stateDir: ./state                     # journals and logs; never inside a backup area
ledger:
  path: ./ledger                      # verdicts of restore tests; put it where backup and sandbox hosts both see it
  shared: false

defaults:
  # oracleHome: /u01/app/oracle/product/19.0.0/dbhome_1
  # tnsAdmin: ./tns                   # tnsnames.ora and sqlnet.ora with the wallet for /@<database>
  recoveryWindowDays: 2               # days of archived logs kept in the area
  parallel: 4
  retention:
    keepDays: 31
    keepMonths: 6
    minRedundancy: 2
  storage:
    adapter: local

databases:
  ${database}:
    dbid: "${dbid}"                    # select dbid from v$database
    areaPath: /backup/${database}
    # restoreTest:
    #   scratch: /restore/scratch     # icb sandbox prepare /restore/scratch
`
}

/** `icb init [dir]`: a first `icb.yaml`; an existing one is never overwritten unasked. */
export const init: CommandAction = async (app, [directory = '.'], options) => {
  const path = join(resolve(directory), 'icb.yaml')
  await mkdir(resolve(directory), { recursive: true })
  try {
    await writeFile(path, template(text(options, 'database') ?? 'orcl', text(options, 'dbid') ?? '0000000000'), { flag: flag(options, 'force') ? 'w' : 'wx', mode: 0o640 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw usageErrors.ARGUMENT(`${path} exists already`, { hint: 'Use another directory, or --force to overwrite it.' })
    throw error
  }
  app.print(`${path} written. Next: fill in the DBID and the paths, then run: icb config check --config ${path}`)
  return { schema: 'init/1', result: { file: path } }
}
