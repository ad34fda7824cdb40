import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { datasetPattern, isSafeName } from './names.ts'
import { commandLine } from './quoting.ts'

/** What a POSIX shell makes of a command line: its words, separated by NUL as no word can hold one. */
function wordsOfShell(line: string): string[] {
  return execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${line}`]).toString('utf8').split('\0').slice(0, -1)
}

const hostile = ['', ' ', "'", "''", '"', '\\', "\\'", '$HOME', '$(touch /tmp/x)', '`id`', ';', '&&', '|', '>', '<', '*', '?', '[a]', '~', '~root', '#', '!', '\n', '\t', '\r', '-R', '--', '=ls', 'a=b', '{a,b}', '(x)', 'é', '\u{1F600}', 'tank/x@y', '%s', '\\0']

describe('a command line for a remote shell', () => {
  it('gives the shell exactly the words, whatever is in them', () => {
    const word = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'grapheme', maxLength: 20 }), fc.array(fc.constantFrom(...hostile), { maxLength: 6 }).map((parts) => parts.join('')))
    fc.assert(
      fc.property(fc.array(word.filter((text) => !text.includes('\0')), { minLength: 1, maxLength: 12 }), (words) => {
        expect(wordsOfShell(commandLine(words))).toEqual(words)
      }),
      { numRuns: 150 },
    )
  })

  it('refuses what no argument can hold', () => {
    expect(() => commandLine(['a\0b'])).toThrow(RangeError)
  })
})

describe('names', () => {
  it('cannot be options, parents or shell words', () => {
    for (const name of ['', '-R', '.', '..', '.auto-1', 'a b', 'a/b', 'a@b', "a'b", 'a;b', 'a\nb', 'é', 'a%b', 'a#b']) expect(isSafeName(name), name).toBe(false)
    for (const name of ['orcl-20260101T000000Z-0a1b2c3d-x1', 'Autorestore', 'a_b:c.d-e']) expect(isSafeName(name), name).toBe(true)
    for (const dataset of ['tank', '/tank/a', 'tank/', 'tank//a', 'tank/../a', 'tank/-R', 'tank/a@b', 'tank/a b', '-R/a', 'tank/a\n']) expect(datasetPattern.test(dataset), dataset).toBe(false)
    for (const dataset of ['tank/orcl', 'tank/backup/_x/orcl.1']) expect(datasetPattern.test(dataset), dataset).toBe(true)
  })
})
