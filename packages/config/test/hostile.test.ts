import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isIcbError } from '@icb/runtime'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configFromObject, externalView, loadConfig } from '../src/index.ts'

const fixtures = ['site.cfg', 'site.yaml'].map((name) => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8'))

const piece = fc.oneof(
  fc.constantFrom('[', ']', ':', '=', '%', '%(', ')s', ';', '#', '\n', '\r\n', '\t', '  ', '\0', '\uFEFF', '\u2028', '&a ', '*a', '<<: ', '- ', '{', '}', '|', '>', '!!js ', '"', "'", '---\n', '...\n', '__proto__', 'constructor', 'DEFAULT', 'dbid: 1\n', '[generic]\n', 'databases:\n', 'defaults:\n'),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const noise = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
/** A good file with a few places overwritten. */
const damaged = fc.tuple(fc.constantFrom(...fixtures), fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(12), piece), { minLength: 1, maxLength: 6 })).map(([text, cuts]) =>
  cuts.reduce((result, [where, length, insert]) => {
    const at = Math.floor(where * result.length)
    return result.slice(0, at) + insert + result.slice(at + length)
  }, text))

async function mustBeCalm(text: string, name: string): Promise<void> {
  try {
    const config = await loadConfig(`/e/${name}`, { env: {}, readFile: () => Promise.resolve(text) })
    JSON.stringify(externalView(config))
  } catch (error) {
    if (!isIcbError(error)) throw error
    expect(error.code).toMatch(/^ICB_CONFIG_/u)
    expect(error.message).toContain(`/e/${name}`)
  }
}

describe('5000 hostile inputs', () => {
  it.each([['noise', noise, 4000], ['damaged files', damaged, 1000]] as const)('%s end in a model or an error of the catalogue', async (_, text, numRuns) => {
    await fc.assert(fc.asyncProperty(text, fc.constantFrom('a.cfg', 'a.yaml', 'a'), mustBeCalm), { numRuns })
  })

  it('deep, wide and self-referring ones too', async () => {
    await mustBeCalm('['.repeat(50_000), 'a.yaml')
    await mustBeCalm('a: '.repeat(20_000), 'a.yaml')
    await mustBeCalm(`a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, index) => `b${index}: &b${index} [${Array.from({ length: 9 }, () => `*${index === 0 ? 'a' : `b${index - 1}`}`).join(',')}]`).join('\n')}\n`, 'a.yaml')
    await mustBeCalm(`[a]\n${'x: 1\n'.repeat(10_000)}`, 'a.cfg')
    await mustBeCalm('x'.repeat(11_000_000), 'a.cfg')
  })

  it('plain objects of any shape', () => {
    const key = fc.constantFrom('databases', 'defaults', 'db1', 'dbid', 'retention', 'rules', 'storage', 'adapter', '__proto__', 'constructor', 'ledger', 'restoreTest', 'slots', 'x')
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.anything(), fc.array(tie('tree'), { maxLength: 3 }), fc.array(fc.tuple(key, tie('tree')), { maxLength: 4 }).map((entries): unknown => Object.fromEntries(entries))),
    }))
    fc.assert(fc.property(tree, (object) => {
      try {
        JSON.stringify(externalView(configFromObject(object, { baseDir: '/' })))
      } catch (error) {
        if (!isIcbError(error)) throw error
      }
    }), { numRuns: 2000 })
  })
})
