import type { PlannedValidation } from '@icb/autorestore'
import type { AppContext } from '../../app-context.ts'
import { usageErrors } from '../../errors.ts'
import { exitCodes } from '../../exit-codes.ts'
import { configFile, legacyExitCode, ran, show, usage } from '../legacy-call.ts'
import type { LegacyAction, LegacyCall } from '../legacy-call.ts'

const warning = [
  'A restore test opens a copy of a database from a control file that knows where production keeps its files.',
  'On a host that can reach the storage of production it could overwrite or delete them there.',
  'Run it only on a host that is cut off from the databases and their storage.',
  'If this is one, say so: set the environment variable AUTORESTORE_SAFE_SANDBOX to TRUE (in capitals).',
]

/** Marks the scratch directories of the configuration: the word of whoever runs this stands for `icb sandbox prepare`. All other guards stay. @returns false when one was refused */
export async function markScratch(call: LegacyCall, app: AppContext, databases?: readonly string[]): Promise<boolean> {
  const config = await app.config()
  const scratch = new Set(config.databases.filter(({ name }) => databases?.includes(name) ?? true).flatMap(({ restoreTest }) => restoreTest.scratch ?? []))
  for (const directory of scratch) {
    const { error } = await ran(app, ['sandbox', 'prepare', directory])
    if (error === undefined) continue
    call.tell(error)
    return false
  }
  return true
}

async function validationDates(call: LegacyCall, app: AppContext): Promise<number> {
  const done = await ran(app, ['restore-test', 'calendar'])
  if (done.error !== undefined) {
    call.tell(done.error)
    return legacyExitCode(done.exitCode)
  }
  const { databases } = done.outcome?.result as { readonly databases: readonly (Omit<PlannedValidation, 'lastValidatedAt'> & { readonly nextOwnDay?: string })[] }
  const rules = new Map((await app.config()).databases.map(({ name, restoreTest }) => [name, restoreTest]))
  for (const { database, daysUntilOwnDay } of databases) {
    const { validateModulus = 0, validateChance = 0 } = rules.get(database) ?? {}
    if (daysUntilOwnDay === undefined) call.say(`${database}: ${validateChance > 0 ? `by chance, 1 in ${String(validateChance)}` : 'validation is off'}`)
    else {
      // The day of today is not announced any more; the one after it is.
      const days = daysUntilOwnDay === 0 ? validateModulus : daysUntilOwnDay
      call.say(`${database}: ${new Date(app.clock.now() + days * 86_400_000).toISOString().slice(0, 10)} (in ${String(days)} days)`)
    }
  }
  return 0
}

/** `autorestore <config> [[!]<db> | --createcatalog | --listvalidationdates]` */
export const autorestore: LegacyAction = async (call) => {
  const [config, what, ...rest] = call.args
  if (config === undefined || rest.length > 0) return usage(call, '<configuration file> [<database> | !<database> | --createcatalog | --listvalidationdates]')
  const app = await call.open(configFile(call, config))
  if (what === '--listvalidationdates') return validationDates(call, app)
  if (what === '--createcatalog') return show(call, app, ['ledger', 'create'])
  if (what?.startsWith('--') === true) throw usageErrors.ARGUMENT(`${what} is not known`, { hint: 'Known are --createcatalog and --listvalidationdates.' })
  if (call.env['AUTORESTORE_SAFE_SANDBOX'] !== 'TRUE') {
    for (const line of warning) call.say(line)
    return exitCodes.refused
  }
  // Root would be refused by the test itself; nothing of root may be left before that.
  if (app.fleet.uid !== 0 && !(await markScratch(call, app))) return exitCodes.refused
  const chosen = what === undefined ? [] : what.startsWith('!') ? ['--exclude', what.slice(1)] : [what]
  return show(call, app, ['restore-test', ...chosen])
}
