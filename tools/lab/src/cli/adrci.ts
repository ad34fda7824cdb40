import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import readline from 'node:readline'
import type { ProgramContext } from './program-context.ts'

/** Directories of an ADR home that PURGE looks at. */
const PURGED = ['alert', 'cdump', 'hm', 'incident', 'trace']

/** ADR command interpreter with its script on standard input: SET BASE, SHOW HOMES, SET HOME, PURGE -AGE, EXIT. */
export async function runAdrci({ host, stdin, stdout }: ProgramContext): Promise<number> {
  const print = (line: string): void => { stdout.write(`${line}\n`) }
  let base = '/u01/app/oracle'
  let home: string | undefined
  print(`\nADRCI: Release ${host.lab.release} - Production (@icb/lab simulator)\n\nADR base = "${base}"`)
  for await (const raw of readline.createInterface({ input: stdin, crlfDelay: Infinity })) {
    for (const statement of raw.split(';').map((s) => s.trim()).filter((s) => s !== '')) {
      const [verb = '', object = '', ...rest] = statement.split(/\s+/)
      switch (`${verb} ${object}`.toLowerCase()) {
        case 'set base': base = rest.join(' ').replace(/^["']|["']$/g, ''); home = undefined; break
        case 'show homes': case 'show home': {
          const homes = await adrHomes(host.real(base))
          if (homes.length === 0) print('No ADR homes are set')
          else print(`ADR Homes: \n${homes.join('\n')}`)
          break
        }
        case 'set home': case 'set homepath': {
          const chosen = rest.join(' ').replace(/^["']|["']$/g, '')
          if ((await adrHomes(host.real(base))).includes(chosen)) home = chosen
          else print(`DIA-48494: ADR home is not set, the corresponding operation cannot be done`)
          break
        }
        case 'purge -age': {
          const minutes = Number(rest[0])
          if (!Number.isFinite(minutes)) print('DIA-48415: Syntax error found in string [purge] at column [1]')
          else for (const each of home === undefined ? await adrHomes(host.real(base)) : [home]) await purge(path.join(host.real(base), each), host.now() - minutes * 60_000)
          break
        }
        default:
          if (/^(exit|quit)$/i.test(verb)) return 0
          print(`DIA-48415: Syntax error found in string [${statement}] at column [${statement.length}]`)
      }
    }
  }
  return 0
}

async function adrHomes(base: string): Promise<string[]> {
  const homes: string[] = []
  const root = path.join(base, 'diag', 'rdbms')
  for (const database of await names(root)) for (const sid of await names(path.join(root, database))) homes.push(path.join('diag', 'rdbms', database, sid))
  return homes
}

async function names(directory: string): Promise<string[]> {
  return (await readdir(directory, { withFileTypes: true }).catch(() => [])).filter((e) => e.isDirectory()).map((e) => e.name).sort()
}

async function purge(home: string, before: number): Promise<void> {
  for (const directory of PURGED) {
    for (const name of await readdir(path.join(home, directory)).catch(() => [])) {
      const file = path.join(home, directory, name)
      const info = await stat(file).catch(() => undefined)
      if (info !== undefined && info.mtimeMs < before && !name.startsWith('alert_')) await rm(file, { recursive: true, force: true })
    }
  }
}
