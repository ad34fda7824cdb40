import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { icbKeys } from '../src/index.ts'
import { seedKeys } from '../src/seed.ts'
import type { KeyDefinition } from '../src/seed.ts'
import { allSettings } from '../src/settings.ts'

function table(keys: readonly KeyDefinition[]): string {
  const rows = keys.map((definition) => {
    const path = allSettings.find(({ ini }) => ini === definition)?.path
    const standard = definition.required === true ? 'required' : definition.default === undefined ? '' : `\`${definition.default}\``
    return `| ${definition.section} | \`${definition.key}\` | ${path === undefined ? '' : `\`${path}\``} | ${definition.type} | ${standard} | ${definition.description.replaceAll('<', '\\<')} |`
  })
  return ['| section | INI key | YAML | type | default | meaning |', '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n')
}

describe('the README', () => {
  it.each([['seed', seedKeys], ['icb', icbKeys]] as const)('has the table of the list %s', async (name, keys) => {
    const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8')
    const [, , found] = new RegExp(`<!-- keys:${name} (.*?)-->\\n([\\s\\S]*?)\\n<!-- end -->`, 'u').exec(readme) ?? []
    expect(found).toBe(table(keys))
  })
})
