import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAdapterRegistry } from '../src/index.ts'
import { memoryAdapter } from '../src/testing.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'icb-registry-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function put(path: string, content: string | object): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
}

const module = (name: string, more = ''): string => `export const adapter = { name: '${name}', apiVersion: 1, options: { safeParse: (data) => ({ success: true, data }) }, open: async () => ({}) }\n${more}`
const registry = (adapterPath: readonly string[] = []): ReturnType<typeof createAdapterRegistry> => createAdapterRegistry({ builtIn: [memoryAdapter], baseDir: join(root, 'etc'), adapterPath })

describe('createAdapterRegistry', () => {
  it('prefers a built-in adapter', async () => {
    await put('etc/node_modules/memory/package.json', { name: 'memory', exports: './index.mjs' })
    await put('etc/node_modules/memory/index.mjs', module('impostor'))
    expect(await registry().load('memory')).toBe(memoryAdapter)
  })

  it('evaluates a built-in adapter when it is named, and not before', async () => {
    let loads = 0
    const load = async (): Promise<typeof memoryAdapter> => {
      loads += 1
      return memoryAdapter
    }
    const lazy = createAdapterRegistry({ builtIn: [{ name: 'memory', load }], baseDir: root })
    expect([lazy.names, loads]).toEqual([['memory'], 0])
    expect(await lazy.load('memory')).toBe(memoryAdapter)
    expect(loads).toBe(1)
  })

  it('refuses two built-in adapters of one name', () => {
    expect(() => createAdapterRegistry({ builtIn: [memoryAdapter, memoryAdapter], baseDir: root })).toThrow(expect.objectContaining({ code: 'ICB_STORAGE_ADAPTER' }))
  })

  it('loads a path relative to the configuration, absolute, or of a package', async () => {
    await put('etc/acme.mjs', module('acme'))
    await put('lib/beta/package.json', { name: 'beta', type: 'module', main: 'main.js' })
    await put('lib/beta/main.js', module('beta'))
    expect((await registry().load('./acme.mjs')).name).toBe('acme')
    expect((await registry().load(join(root, 'etc/acme.mjs'))).name).toBe('acme')
    expect((await registry().load('../lib/beta')).name).toBe('beta')
  })

  it('loads a package that is installed above the configuration and has no "require" condition', async () => {
    await put('node_modules/icb-storage-acme/package.json', { name: 'icb-storage-acme', exports: { '.': { types: './x.d.ts', import: './dist/index.mjs' } } })
    await put('node_modules/icb-storage-acme/dist/index.mjs', module('acme'))
    expect((await registry().load('icb-storage-acme')).name).toBe('acme')
  })

  it('loads a linked package with a scope and a default export', async () => {
    await put('src/acme/package.json', { name: '@acme/icb', type: 'module', exports: { node: './n.js', default: './d.js' } })
    await put('src/acme/n.js', module('acme').replace('export const adapter =', 'const adapter =') + 'export default { adapter }')
    await mkdir(join(root, 'etc/node_modules/@acme'), { recursive: true })
    await symlink(join(root, 'src/acme'), join(root, 'etc/node_modules/@acme/icb'))
    expect((await registry().load('@acme/icb')).name).toBe('acme')
  })

  it('looks into adapterPath last, relative to the configuration', async () => {
    await put('adapters/icb-storage-acme/package.json', { name: 'icb-storage-acme', type: 'module', exports: './index.js' })
    await put('adapters/icb-storage-acme/index.js', module('from-path'))
    expect((await registry(['../adapters']).load('icb-storage-acme')).name).toBe('from-path')
    await put('etc/node_modules/icb-storage-acme/package.json', { name: 'icb-storage-acme', type: 'module', exports: './index.js' })
    await put('etc/node_modules/icb-storage-acme/index.js', module('installed'))
    expect((await registry(['../adapters']).load('icb-storage-acme')).name).toBe('installed')
  })

  it('never looks into the working directory', async () => {
    // vitest and fast-check are installed for the directory that the tests run in.
    await expect(registry().load('fast-check')).rejects.toMatchObject({ code: 'ICB_STORAGE_ADAPTER' })
  })

  it('tells what it tried and the nearest name', async () => {
    await expect(registry().load('memry')).rejects.toMatchObject({
      code: 'ICB_STORAGE_ADAPTER',
      hint: 'Did you mean "memory"?',
      details: { nearest: 'memory', tried: expect.arrayContaining(['built-in: memory', join(root, 'etc/node_modules/memry')]) },
    })
  })

  it.each([
    ['another version of the contract', 'export const adapter = { name: "a", apiVersion: 2 }', /version 2/],
    ['no adapter', 'export const other = 1', /does not export "adapter"/],
    ['half an adapter', 'export const adapter = { name: "a", apiVersion: 1, options: {} }', /options, open/],
  ])('refuses a module with %s', async (_what, content, message) => {
    await put('etc/bad.mjs', content)
    await expect(registry().load('./bad.mjs')).rejects.toMatchObject({ code: 'ICB_STORAGE_ADAPTER', message: expect.stringMatching(message) })
  })

  it('keeps the cause of a module that cannot be loaded', async () => {
    await put('etc/bad.mjs', 'import "icb-not-installed-anywhere"')
    await expect(registry().load('./bad.mjs')).rejects.toMatchObject({ code: 'ICB_STORAGE_ADAPTER', cause: expect.any(Error) })
  })

  it.each(['../../etc/passwd', 'a/../../b', 'A b', ''])('takes %j for no package name', async (name) => {
    await expect(registry().load(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_ADAPTER' })
  })
})
