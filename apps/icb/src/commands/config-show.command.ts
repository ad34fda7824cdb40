import { externalView, findDatabase } from '@icb/config'
import { stringify } from 'yaml'
import type { CommandAction } from '../command.ts'

/** `icb config show [db]`: the model as understood, secrets masked. */
export const configShow: CommandAction = async (app, [name]) => {
  const config = await app.config()
  if (name !== undefined) findDatabase(config, name)
  const view = externalView(name === undefined ? config : { ...config, databases: [findDatabase(config, name)] })
  app.print(stringify(JSON.parse(JSON.stringify(view))).trimEnd())
  return { schema: 'config/1', result: view }
}
