import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { storageErrorCatalogue } from './errors.ts'

it('the README lists every error with its remedy', async () => {
  const text = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const listed = [...text.matchAll(/^\| `(ICB_STORAGE_\w+)` \| (\w+) \|/gm)].map(([, code, remedy]) => `${code ?? ''} ${remedy ?? ''}`)
  expect(listed).toEqual(storageErrorCatalogue.map(({ code, remedy }) => `${code} ${remedy}`))
})
