import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusals } from '../corpus/refusals.ts'
import { startCorpusLab, type CorpusLab } from './support/corpus-lab.ts'

const corpus = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'corpus')
const scripts = readdirSync(corpus).filter((name) => name.endsWith('.sql'))

let lab: CorpusLab
beforeAll(async () => {
  lab = await startCorpusLab()
}, 60_000)
afterAll(async () => {
  await lab.remove()
}, 60_000)

describe('scripts of a DBA', () => {
  it('are at least sixty, each with what it must print', () => {
    expect(scripts.length).toBeGreaterThanOrEqual(60)
    expect(scripts.map((name) => name.replace(/\.sql$/, '.out'))).toEqual(readdirSync(corpus).filter((name) => name.endsWith('.out')))
  })

  it.each(scripts)('%s', async (name) => {
    const expected = readFileSync(path.join(corpus, name.replace(/\.sql$/, '.out')), 'utf8')
    expect(await lab.run(readFileSync(path.join(corpus, name), 'utf8'))).toBe(expected)
  }, 30_000)
})

describe('what stands outside of the table is refused', () => {
  it.each(refusals)('%s: %s', async (script, code) => {
    const printed = await lab.run(`whenever sqlerror exit failure\nset serveroutput on\n${script}\n`)
    expect(printed).toContain(code)
  }, 30_000)
})

