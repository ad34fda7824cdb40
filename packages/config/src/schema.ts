import { z } from 'zod'
import { readValue } from './kinds.ts'
import { allSettings } from './settings.ts'
import type { Setting, SettingScope } from './settings.ts'

interface Group {
  [name: string]: Setting<unknown> | Group
}

/** The JSON schema (draft 2020-12) of the YAML and object forms, for editors and for checks outside this tool. Options of adapters are open: each adapter has its own schema. */
export function configJsonSchema(): Record<string, unknown> {
  const storage = z.looseObject({ adapter: z.string().optional().describe('Storage adapter: local, zfssa, a package name or a path') }).describe('Storage adapter and its options')
  const defaults = objectOf(['database']).extend({ storage: storage.optional() })
  const database = objectOf(['database', 'only-database']).extend({ storage: storage.optional() })
  const schema = objectOf(['file']).extend({
    defaults: defaults.describe('Values for every database that does not set them itself').optional(),
    databases: z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_$#]{0,29}$/u), database).describe('Databases by db_unique_name').optional(),
  })
  return { title: 'Configuration of icb', ...z.toJSONSchema(schema, { io: 'input' }) }
}

function objectOf(scopes: readonly SettingScope[]): z.ZodObject {
  const root: Group = {}
  for (const setting of allSettings.filter(({ scope }) => scopes.includes(scope))) {
    const parts = setting.path.split('.')
    const name = parts.pop() ?? ''
    let group = root
    for (const part of parts) group = (group[part] ??= {}) as Group
    group[name] = setting
  }
  return zodOf(root)
}

function zodOf(group: Group): z.ZodObject {
  return z.strictObject(Object.fromEntries(Object.entries(group).map(([name, entry]) => [name, isSetting(entry) ? zodOfSetting(entry) : zodOf(entry).optional()])))
}

function isSetting(entry: Setting<unknown> | Group): entry is Setting<unknown> {
  return typeof (entry as Setting<unknown>).path === 'string'
}

function zodOfSetting({ kind, ini }: Setting<unknown>): z.ZodType {
  const standard = ini.default === undefined ? undefined : readValue(kind, ini.default)
  const meta = { description: ini.description, ...(standard !== undefined && 'value' in standard ? { default: standard.value } : {}) }
  return kind.schema.meta(meta).optional()
}
