import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineStorageAdapter } from './adapter.ts'
import { validateAdapterOptions } from './adapter-options.ts'

const adapter = defineStorageAdapter({
  name: 'acme',
  options: z.strictObject({ host: z.string(), port: z.coerce.number().int().default(443), tls: z.strictObject({ caFile: z.string().optional() }).optional() }),
  open: async () => {
    throw new Error('not opened here')
  },
})

function failure(options: Record<string, unknown>, origins = {}): { code: string; message: string; hint: string; details: { problems: unknown[] } } {
  try {
    validateAdapterOptions(adapter, options, origins)
  } catch (error) {
    return error as never
  }
  throw new Error('expected an error')
}

describe('validateAdapterOptions', () => {
  it('answers with the normalised options', () => {
    expect(validateAdapterOptions(adapter, { host: 'array', port: '8443' })).toEqual({ host: 'array', port: 8443 })
  })

  it('names an unknown key, the nearest one and where it was written', () => {
    const error = failure({ host: 'array', prot: 1 }, { prot: { file: '/etc/icb.cfg', line: 12 } })
    expect(error.code).toBe('ICB_STORAGE_OPTIONS')
    expect(error.message).toContain('/etc/icb.cfg:12')
    expect(error.message).toContain('"prot"')
    expect(error.hint).toBe('Did you mean "port"?')
    expect(error.details.problems).toEqual([{ key: 'prot', message: 'is not an option of this adapter', nearest: 'port', at: '/etc/icb.cfg:12' }])
  })

  it('lists every problem, nested ones with the origin of their top key', () => {
    const error = failure({ port: 'x', tls: { cafile: 'a' } }, { tls: { file: 'icb.yaml', line: 3 } })
    expect(error.details.problems).toMatchObject([{ key: 'host' }, { key: 'port' }, { key: 'tls.cafile', nearest: 'caFile', at: 'icb.yaml:3' }])
  })
})
