import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret, redact } from './secret.ts'

describe('Secret', () => {
  it('never prints itself', () => {
    const secret = new Secret('hunter2-hunter2', 'password of zfssa')
    const printed = [String(secret), JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] }), Object.keys(secret).join()].join()
    expect(printed).not.toContain('hunter2')
    expect(secret.reveal()).toBe('hunter2-hunter2')
  })
})

describe('redact', () => {
  it.each([
    ['plain', (value: string) => value],
    ['JSON', (value: string) => JSON.stringify({ value })],
    ['URL', (value: string) => `https://host/?p=${encodeURIComponent(value)}`],
    ['form', (value: string) => new URLSearchParams({ value }).toString()],
    ['SQL', (value: string) => `'${value.replaceAll("'", "''")}'`],
    ['base64', (value: string) => Buffer.from(value).toString('base64')],
    ['base64url', (value: string) => Buffer.from(value).toString('base64url')],
    ['HTTP Basic', (value: string) => `Basic ${Buffer.from(`a:${value}`).toString('base64')}`],
    ['HTTP Basic, other alignment', (value: string) => `Basic ${Buffer.from(`ab:${value}!`).toString('base64')}`],
    ['HTTP Basic, third alignment', (value: string) => `Basic ${Buffer.from(`abc:${value}??`).toString('base64')}`],
  ])('removes the %s form', (_name, encode) => {
    const value = `p "quoted"\\ 'it's' ünïcode/+&= ${'x'.repeat(3)}`
    new Secret(value, 'test')
    const text = `before ${encode(value)} after`
    expect(redact(text)).toContain('[secret]')
    // No run of eight characters of the encoded form is left beyond what the frame itself has.
    const left = redact(text)
    const encoded = encode(value)
    const core = encoded.slice(Math.floor(encoded.length / 2) - 6, Math.floor(encoded.length / 2) + 6)
    expect(left).not.toContain(core)
  })

  it('removes overlapping and nested secrets whole', () => {
    for (const value of ['alpha-beta', 'beta-gamma', 'beta', 'secret']) new Secret(value, 'test')
    expect(redact('<alpha-beta-gamma> <beta> <secret>')).toBe('<[secret]> <[secret]> <[secret]>')
    expect(redact('betabeta')).not.toContain('beta')
  })

  it('removes the lines of a key file one by one', () => {
    new Secret('-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n', 'key')
    expect(redact('line MIIEvQIBADANBgkq')).toBe('line [secret]')
    expect(redact('-----BEGIN KEY-----')).toBe('-----BEGIN KEY-----')
  })

  it('leaves texts alone that are too short to be secrets', () => {
    new Secret('abz', 'test')
    new Secret('', 'test')
    expect(redact('abz')).toBe('abz')
  })

  it('survives a lone surrogate', () => {
    new Secret('\ud800 half a character', 'test')
    expect(redact('x')).toBe('x')
  })

  it('leaves no secret readable, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.string({ minLength: 4, maxLength: 12 }), fc.string({ maxLength: 30 }), (before, middle, after) => {
        const value = `Q~${middle}~Q`
        new Secret(value, 'test')
        return !redact(before + value + value + after).includes(value)
      }),
      { numRuns: 50 },
    )
  })
})
