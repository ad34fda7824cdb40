import { resolve } from 'node:path'
import { checkSandbox } from '@icb/autorestore'
import type { CommandAction } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { hostViewOf, keepAwayOf } from './sandbox-prepare.command.ts'

/** `icb sandbox check <dir>`: exit code 3 when restore tests would refuse it. */
export const sandboxCheck: CommandAction = async (app, [directory = '']) => {
  const result = await checkSandbox(resolve(directory), hostViewOf(app), { keepAway: await keepAwayOf(app) })
  app.print(result.summary)
  if (result.advice !== undefined) app.print(result.advice)
  return { schema: 'sandbox-check/1', result, exitCode: result.status === 'ok' ? exitCodes.done : exitCodes.refused }
}
