import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCommand } from '../../src/rman/grammar/parser.ts'

const golden = path.join(import.meta.dirname, '..', '..', '..', '..', 'packages', 'rman', 'test', 'golden')

describe('the scripts that the product sends', () => {
  it.each(readdirSync(golden).filter((name) => name.endsWith('.rman')))('%s is RMAN', (name) => {
    let rest = readFileSync(path.join(golden, name), 'utf8')
    let commands = 0
    for (;;) {
      const result = parseCommand(rest, { release: '12.1.0.2.0' })
      if (result.kind === 'empty') break
      expect(result).toMatchObject({ kind: 'command' })
      if (result.kind !== 'command') break
      commands++
      rest = rest.slice(result.end)
    }
    expect(commands).toBeGreaterThan(0)
  })
})
