import { configJsonSchema } from '@icb/config'
import type { CommandAction } from '../command.ts'

/** `icb config schema`: for editors and CI. */
export const configSchema: CommandAction = (app) => {
  const schema = configJsonSchema()
  app.print(JSON.stringify(schema, null, 2))
  return Promise.resolve({ schema: 'config-schema/1', result: schema })
}
