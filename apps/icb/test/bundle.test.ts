import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPrograms, repositoryRoot, runProgram } from '@icb/testing'
import type { IcbDocument, ProgramResult } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The one-file program in a folder of its own, and beside its configuration an adapter that a third party published.

const fixture = join(import.meta.dirname, 'fixtures', 'icb-storage-acme')
let directory: string
let alone: string
let site: string
let node: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'icb-bundle-'))
  alone = join(directory, 'bin')
  site = join(directory, 'site')
  const programs = findPrograms(directory)
  node = programs.node
  mkdirSync(alone)
  copyFileSync(programs.icb, join(alone, 'icb.mjs'))
  mkdirSync(join(site, 'area'), { recursive: true })
  writeFileSync(join(site, 'area', 'data_1'), 'blocks')
  installPacked(join(site, 'node_modules'))
}, 240_000)

afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** What `npm install icb-storage-acme` leaves, made without a registry: packed packages unpacked, peers copied. */
function installPacked(modules: string): void {
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', PATH: `${join(repositoryRoot, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}` }
  execFileSync('nx', ['run-many', '-t', 'build', '-p', '@icb/runtime', '@icb/storage-core', '--output-style=static'], { cwd: repositoryRoot, env, stdio: 'ignore' })
  const packages = { '@icb/runtime': './packages/runtime', '@icb/storage-core': './packages/storage-core', 'icb-storage-acme': fixture }
  const packed = join(directory, 'packed')
  mkdirSync(packed)
  const listing = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', packed, ...Object.values(packages)], { cwd: repositoryRoot, env, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' })
  for (const { name, filename } of JSON.parse(listing) as { name: string; filename: string }[]) {
    const place = join(modules, name)
    mkdirSync(place, { recursive: true })
    execFileSync('tar', ['-xzf', join(packed, filename), '-C', place, '--strip-components=1'])
  }
  expect(Object.keys(packages).filter((name) => !existsSync(join(modules, name, 'package.json')))).toEqual([])
  for (const peer of ['luxon', 'zod']) cpSync(join(repositoryRoot, 'node_modules', peer), join(modules, peer), { recursive: true, dereference: true })
}

function icb(...args: string[]): Promise<ProgramResult> {
  return runProgram(node, [join(alone, 'icb.mjs'), ...args], { cwd: alone, env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' } })
}

function configuration(name: string, storage: readonly string[]): string {
  const path = join(site, name)
  writeFileSync(path, ['stateDir: state', 'databases:', '  orcl:', '    dbid: 1433672784', '    areaPath: area', '    parallel: 1', '    recoveryWindowDays: 2', '    retention: { keepDays: 7 }', '    storage:', ...storage.map((line) => `      ${line}`)].join('\n') + '\n')
  return path
}

async function document(...args: string[]): Promise<IcbDocument> {
  const result = await icb(...args, '--json')
  try {
    return JSON.parse(result.stdout) as IcbDocument
  } catch {
    throw new Error(`icb ${args.join(' ')} printed no document\n${result.stdout}\n${result.stderr}`)
  }
}

describe('the program alone in a folder', () => {
  it('has nothing beside it and needs nothing', async () => {
    expect(readdirSync(alone)).toEqual(['icb.mjs'])
    expect(await icb('--version')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string, stderr: '' })
    expect((await icb('--help')).stdout).toContain('restore-test')
  })

  it('tells its version without reading the rest of itself', async () => {
    const launcher = join(directory, 'launcher.mjs')
    writeFileSync(launcher, readFileSync(join(alone, 'icb.mjs'), 'utf8').split('\n/*program\n', 1)[0] ?? '')
    const version = async (file: string, option: string): Promise<string> => (await runProgram(node, [file, option], { cwd: alone, env: { PATH: '/usr/bin:/bin' } })).stdout
    expect(await version(launcher, '--version')).toBe(await version(join(alone, 'icb.mjs'), '-V'))
  })

  it('keeps compiled code only where nobody else may write', async () => {
    const cached = async (mode: number): Promise<number> => {
      const cache = mkdtempSync(join(directory, 'cache-'))
      mkdirSync(join(cache, 'icb'))
      chmodSync(join(cache, 'icb'), mode)
      expect(await runProgram(node, [join(alone, 'icb.mjs'), '--help'], { cwd: alone, env: { PATH: '/usr/bin:/bin', XDG_CACHE_HOME: cache } })).toMatchObject({ exitCode: 0, stderr: '' })
      return readdirSync(join(cache, 'icb')).length
    }
    expect(await cached(0o700)).toBe(1)
    expect(await cached(0o777)).toBe(0)
  })

  it('writes and understands a first configuration', async () => {
    const place = join(directory, 'first')
    expect((await icb('init', place, '--database', 'orcl', '--dbid', '1433672784')).exitCode).toBe(0)
    expect((await icb('config', 'check', '--config', join(place, 'icb.yaml'))).exitCode).toBe(0)
    expect((await document('config', 'schema')).exitCode).toBe(0)
  })
})

it('whoever stops reading what icb says does not stop icb', async () => {
  const place = join(directory, 'unread')
  const ended = (stream: 'stdout' | 'stderr', ...args: readonly string[]): Promise<{ readonly code: number | null; readonly other: string }> => new Promise((resolve) => {
    const child = spawn(node, [join(alone, 'icb.mjs'), ...args], { cwd: alone, env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'pipe'] })
    let other = ''
    child[stream].destroy()
    child[stream === 'stdout' ? 'stderr' : 'stdout'].setEncoding('utf8').on('data', (text: string) => { other += text })
    child.once('close', (code) => { resolve({ code, other }) })
  })
  expect(await ended('stdout', 'init', place, '--database', 'orcl', '--dbid', '1433672784')).toEqual({ code: 0, other: '' })
  expect(existsSync(join(place, 'icb.yaml'))).toBe(true)
  // Output that is lost for another reason is an error of its own.
  const lost = await runProgram('/bin/sh', ['-c', '"$0" "$@" > /dev/full', node, join(alone, 'icb.mjs'), 'init', `${place}-2`, '--database', 'orcl', '--dbid', '1433672784'], { cwd: alone, env: { PATH: '/usr/bin:/bin' } })
  expect(lost).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('icb: the output could not be written: ENOSPC') as string })
  expect(await ended('stderr', 'config', 'check', '--config', join(place, 'missing.yaml'))).toEqual({ code: 2, other: '' })
})

describe('a packed adapter of a third party beside the configuration', () => {
  it('passes the packed conformance kit with the test runner of Node', async () => {
    const author = join(directory, 'author')
    cpSync(fixture, author, { recursive: true })
    cpSync(join(site, 'node_modules'), join(author, 'node_modules'), { recursive: true })
    const result = await runProgram(node, ['--test', '--test-reporter=tap'], { cwd: author, env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' } })
    expect(result, result.stdout).toMatchObject({ exitCode: 0 })
    expect(Number(/^# pass (\d+)$/m.exec(result.stdout)?.[1])).toBeGreaterThan(30)
  })

  it.each<[string, number, boolean]>([['ends with its terminal', 129, true], ['goes on without one', 0, false]])('a run that is hung up %s: %i', async (_what, exitCode, terminal) => {
    const place = join(site, `hangup-${String(exitCode)}.yaml`)
    const config = readFileSync(configuration('hangup.yaml', ['adapter: icb-storage-acme', 'box: hangup']), 'utf8')
    const [code, errors] = [`${place}.code`, `${place}.errors`]
    // The program waits for somebody who writes its configuration.
    execFileSync('mkfifo', [place])
    // As an interactive shell does, it hands the hangup on.
    const script = `'${node}' '${join(alone, 'icb.mjs')}' snapshot list orcl --config '${place}' 2> '${errors}' & trap "kill -HUP $!" HUP; wait $!; wait $!; echo $? > '${code}'`
    const [file, args] = terminal ? ['script', ['-qec', script, '/dev/null']] : ['sh', ['-c', script]]
    const child = spawn(file, args, { env: { PATH: '/usr/bin:/bin', SHELL: '/bin/sh' }, stdio: 'ignore', detached: true })
    const writer = await open(place, 'w')
    try {
      if (terminal) {
        child.kill('SIGKILL')
        await expect.poll(() => readFileSync(errors, 'utf8'), { timeout: 30_000 }).toContain('icb: SIGHUP: stopping, cleaning up …\n')
      } else {
        process.kill(-(child.pid ?? 0), 'SIGHUP')
        await writer.writeFile(config)
      }
    } finally {
      await writer.close()
    }
    await expect.poll(() => existsSync(code) && readFileSync(code, 'utf8'), { timeout: 30_000 }).toBe(`${String(exitCode)}\n`)
  }, 60_000)

  it('serves snapshots and clones from creation to deletion', async () => {
    const config = configuration('icb.yaml', ['adapter: icb-storage-acme', 'box: box'])
    const run = async (...args: string[]): Promise<IcbDocument> => {
      const answer = await document(...args, '--config', config)
      expect(answer, `icb ${args.join(' ')}: ${JSON.stringify(answer.error)}`).toMatchObject({ ok: true, exitCode: 0 })
      return answer
    }
    const checked = await run('config', 'check')
    expect(checked.warnings.filter(({ code }) => code === 'ICB_CONFIG_ADAPTER_MISSING')).toEqual([])
    expect((await document('snapshot', 'age', 'orcl', '--config', config)).exitCode).toBe(2)

    const { snapshot } = (await run('snapshot', 'create', 'orcl')).result as { snapshot: string }
    expect(snapshot).toMatch(/^orcl-\d{8}T\d{6}Z-/)
    expect((await run('snapshot', 'list', 'orcl')).result).toMatchObject([{ snapshot: { name: snapshot, ours: true } }])
    const age = await icb('snapshot', 'age', 'orcl', '--config', config)
    expect(age).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^OK.* \| /) as string })

    await run('clone', 'create', 'orcl', snapshot, 'orcl-try')
    const [clone] = (await run('clone', 'list', 'orcl')).result as { name: string; snapshot: string; mounts: string[] }[]
    expect(clone).toMatchObject({ name: 'orcl-try', snapshot })
    expect(readdirSync(clone?.mounts[0] ?? '')).toContain('data_1')
    expect(await document('snapshot', 'delete', 'orcl', snapshot, '--config', config)).toMatchObject({ ok: false, error: { code: 'ICB_STORAGE_HAS_CLONES' } })
    await run('clone', 'delete', 'orcl', 'orcl-try')
    await run('snapshot', 'delete', 'orcl', snapshot)
    expect((await run('snapshot', 'list', 'orcl')).result).toEqual([])
  })

  it('a wrong option is told with file, line and the nearest key, exit code 2', async () => {
    const config = configuration('wrong.yaml', ['adapter: icb-storage-acme', 'box: box', 'lable: x'])
    const result = await icb('config', 'check', '--config', config)
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain(`${config}:12`)
    expect(result.stderr).toMatch(/"lable".*"label"/)
    expect((await icb('snapshot', 'list', 'orcl', '--config', config)).exitCode).toBe(2)
  })

  it('an adapter for another version of the contract is refused, one that is missing is named', async () => {
    writeFileSync(join(site, 'future.mjs'), "export const adapter = { apiVersion: 2, name: 'future', options: { safeParse: () => ({ success: true, data: {} }) }, open: async () => ({}) }\n")
    const future = configuration('future.yaml', ['adapter: ./future.mjs'])
    for (const command of [['config', 'check'], ['snapshot', 'list', 'orcl']]) {
      const answer = await document(...command, '--config', future)
      expect(answer, command.join(' ')).toMatchObject({ ok: false, exitCode: 2, error: { code: 'ICB_STORAGE_ADAPTER', message: expect.stringContaining('version 2') as string } })
    }
    const missing = configuration('missing.yaml', ['adapter: icb-storage-acmee'])
    expect(await document('snapshot', 'list', 'orcl', '--config', missing)).toMatchObject({ exitCode: 2, error: { code: 'ICB_STORAGE_ADAPTER' } })
    expect((await document('config', 'check', '--config', missing)).warnings).toContainEqual(expect.objectContaining({ code: 'ICB_CONFIG_ADAPTER_MISSING' }))
  })
})
