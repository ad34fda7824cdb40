import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, copyFileSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createStage, runningPrograms } from '@icb/testing'
import type { Stage, StageHost } from '@icb/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** Planted secrets of every kind, an adapter that spills them wherever it can, a whole cycle with failures at debug level: no sink has one. */

const kinds = ['env', 'file', 'ini', 'command', 'unused'] as const
const planted = Object.fromEntries(kinds.map((kind) => [kind, `S3cret-${kind}-${randomBytes(9).toString('hex')}`])) as Readonly<Record<(typeof kinds)[number], string>>
let stage: Stage
const configs: Partial<Record<StageHost, string>> = {}
let vault: string

/** In the forms in which a careless program passes a secret on. */
function formsOf(secret: string): readonly string[] {
  return [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]
}

function hits(text: string): readonly string[] {
  return kinds.filter((kind) => formsOf(planted[kind]).some((form) => text.includes(form)))
}

beforeAll(async () => {
  stage = await createStage({ database: 'orcl' })
  vault = join(stage.directory, 'vault')
  const { user } = stage.programs
  const put = (name: string, text: string, mode: number): string => {
    const path = join(stage.directory, name)
    writeFileSync(path, text, { mode })
    chmodSync(path, mode)
    if (user !== undefined) chownSync(path, user.uid, user.gid)
    return path
  }
  const file = put('vault-file', `${planted.file}\n`, 0o600)
  const ini = put('vault-ini', `[array]\npassword = ${planted.ini}\n`, 0o600)
  put('vault-command-data', `${planted.command}\n`, 0o600)
  const command = put('vault-command', `#!/bin/sh\nexec cat '${join(stage.directory, 'vault-command-data')}'\n`, 0o700)
  const adapter = join(stage.directory, 'leaky.mjs')
  copyFileSync(fileURLToPath(new URL('fixtures/leaky-adapter.mjs', import.meta.url)), adapter)
  for (const host of ['prod', 'sandbox'] as const) {
    configs[host] = stage.variant(host, 'leaky', (_, settings) => {
      settings['storage'] = { adapter: './leaky.mjs', secrets: { user: { env: 'ARRAY_PASSWORD' }, token: { file }, password: { file: ini, section: 'array', key: 'password' }, key: { command: [command] } } }
    })
  }
}, 120_000)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

it('no secret reaches an argument, a file, a log, a journal, an event, an error or the output', async () => {
  const sinks: { sink: string; size: number; hits: readonly string[] }[] = []
  const seenArguments = new Set<string>()
  const sampling = setInterval(() => {
    for (const program of runningPrograms()) seenArguments.add(program.arguments.join(' '))
  }, 20)
  const commands: readonly (readonly [StageHost, number, ...string[]])[] = [
    ['prod', 0, 'config', 'show'],
    ['prod', 0, 'configure', 'orcl', '--yes'],
    ['prod', 0, 'backup', 'orcl'],
    ['prod', 1, 'backup', 'orcl'],
    ['prod', 1, 'backup', 'orcl', '--json'],
    ['prod', 1, 'snapshot', 'create', 'orcl', '--json'],
    ['prod', 0, 'snapshot', 'list', 'orcl'],
    ['sandbox', 1, 'restore-test', 'orcl'],
    ['prod', 0, 'ledger', 'list'],
  ]
  let verbose = ''
  try {
    for (const [host, exitCode, ...args] of commands) {
      const result = await stage.icb(host, [...args, '--verbose', '--events', join(stage.directory, 'all.events')], {
        config: configs[host]!,
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', TZ: 'UTC', HOME: join(stage.directory, 'home'), ARRAY_PASSWORD: planted.env, UNRELATED_PASSWORD: planted.unused },
      })
      expect({ args, exitCode: result.exitCode, output: result.exitCode === exitCode ? '' : result.stdout + result.stderr }).toEqual({ args, exitCode, output: '' })
      verbose += result.stderr
      sinks.push({ sink: `stdout of icb ${args.join(' ')}`, size: result.stdout.length, hits: hits(result.stdout) }, { sink: `stderr of icb ${args.join(' ')}`, size: result.stderr.length, hits: hits(result.stderr) })
    }
  } finally {
    clearInterval(sampling)
  }
  // The adapter did try: what it logged is there, masked.
  expect(verbose).toContain('login with')
  sinks.push({ sink: `arguments of ${String(seenArguments.size)} processes`, size: [...seenArguments].join('').length, hits: hits([...seenArguments].join('\n')) })
  const search = (path: string): void => {
    const facts = lstatSync(path)
    if (facts.isDirectory()) for (const name of readdirSync(path)) search(join(path, name))
    else if (facts.isFile() && !path.startsWith(vault)) sinks.push({ sink: path, size: facts.size, hits: hits(readFileSync(path, 'latin1')) })
  }
  for (const name of readdirSync(stage.directory).filter((entry) => !['programs'].includes(entry))) search(join(stage.directory, name))
  for (const sink of ['state-prod', 'state-sandbox', 'ledger', 'scratch', 'lab/nfs/backup', 'all.events']) {
    const below = sinks.filter((entry) => entry.sink.startsWith(join(stage.directory, sink)))
    expect(below.length, sink).toBeGreaterThan(0)
    process.stdout.write(`searched ${sink}: ${String(below.length)} files, ${String(below.reduce((sum, entry) => sum + entry.size, 0))} bytes\n`)
  }
  for (const { sink, size } of sinks.filter((entry) => !entry.sink.startsWith('/'))) process.stdout.write(`searched ${sink}: ${String(size)} bytes\n`)
  expect(sinks.filter((entry) => entry.hits.length > 0)).toEqual([])
}, 300_000)
