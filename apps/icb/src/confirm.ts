import { createInterface } from 'node:readline/promises'
import type { AppContext } from './app-context.ts'
import { flag } from './command.ts'
import { usageErrors } from './errors.ts'

/**
 * Asks before something is changed; `--yes` answers.
 * @throws ICB_USAGE_ARGUMENT where nobody can be asked
 */
export async function confirmed(app: AppContext, options: Readonly<Record<string, unknown>>, asking: { readonly command: string; readonly question: string }): Promise<boolean> {
  if (flag(options, 'yes')) return true
  if (!process.stdin.isTTY) throw usageErrors.ARGUMENT(`${asking.command}, and there is no terminal`, { hint: 'Add --yes, or look first with --dry-run.' })
  const ask = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await ask.question(`${asking.question} [y/N] `, { signal: app.signal })).trim())
  } finally {
    ask.close()
  }
}
