import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import oracledb from 'oracledb'
import { findPrograms, runProgram } from './programs.ts'
import type { ProgramResult } from './programs.ts'

/** One figure of a benchmark. */
export interface BenchFigure {
  readonly name: string
  readonly value: number
  readonly unit: string
}

type Lab = (...args: readonly string[]) => Promise<ProgramResult>

/** Runs a body with the program `lab` and a directory that is gone afterwards. */
async function withLab<T>(body: (lab: Lab, directory: string) => Promise<T>): Promise<T> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'icb-bench-')))
  chmodSync(place, 0o755)
  const { node, lab: program } = findPrograms(place)
  const directory = join(place, 'lab')
  const lab: Lab = async (...args) => {
    const result = await runProgram(node, ['--disable-warning=ExperimentalWarning', program, ...args], { cwd: place, env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', TZ: 'UTC' } })
    if (result.exitCode !== 0) throw new Error(`lab ${args.join(' ')} ended with ${String(result.exitCode)}: ${result.stdout}${result.stderr}`)
    return result
  }
  try {
    return await body(lab, directory)
  } finally {
    await lab('destroy', directory).catch(() => undefined)
    rmSync(place, { recursive: true, force: true })
  }
}

/** Rows of four columns, fetched one array after the other by the driver in Thin mode from an instance of the lab. */
export async function benchDriverFetch(rows = 1_000_000): Promise<readonly BenchFigure[]> {
  return withLab(async (lab, directory) => {
    await lab('init', directory, '--start')
    const connection = await oracledb.getConnection({ user: 'sys', password: readFileSync(join(directory, 'tns', 'wallet', 'sys-password'), 'utf8').trim(), connectString: 'orcl', configDir: join(directory, 'tns'), privilege: oracledb.SYSDBA })
    try {
      const sql = 'select rownum, a.name, sysdate, length(b.name) from v$parameter a cross join v$parameter b cross join v$parameter c where rownum <= :wanted'
      const begun = performance.now()
      const { resultSet } = await connection.execute<unknown[]>(sql, { wanted: rows }, { resultSet: true, fetchArraySize: 5000, prefetchRows: 5000 })
      let count = 0
      for (let part = await resultSet?.getRows(5000); part !== undefined && part.length > 0; part = await resultSet?.getRows(5000)) count += part.length
      const seconds = (performance.now() - begun) / 1000
      if (count !== rows) throw new Error(`${String(count)} rows came instead of ${String(rows)}`)
      await resultSet?.close()
      return [{ name: `fetch of ${String(rows)} rows through the driver`, value: rows / seconds, unit: 'rows/s' }]
    } finally {
      await connection.close()
    }
  })
}

/** Memory of this process alone, bytes: shared pages of the program are not counted. */
function privateBytes(pid: number): number {
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) * 1024
}

/** Databases that are open at the same time in one lab, and what each instance takes. */
export async function benchManyDatabases(count = 20): Promise<readonly BenchFigure[]> {
  return withLab(async (lab, directory) => {
    await lab('init', directory, '--database', 'db1', '--smon-interval', '60000')
    for (let number = 2; number <= count; number++) await lab('add-database', directory, `db${String(number)}`)
    const begun = performance.now()
    await lab('start', directory)
    const seconds = (performance.now() - begun) / 1000
    const { instances } = JSON.parse((await lab('status', directory, '--json')).stdout) as { instances: readonly { pid: number; openMode: string }[] }
    const open = instances.filter((instance) => instance.openMode === 'READ WRITE')
    if (open.length !== count) throw new Error(`${String(open.length)} databases are open instead of ${String(count)}`)
    const memory = open.map((instance) => privateBytes(instance.pid))
    const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10
    return [
      { name: `start of ${String(count)} databases`, value: seconds, unit: 's' },
      { name: `memory of one instance of ${String(count)}, mean`, value: megabytes(memory.reduce((sum, bytes) => sum + bytes, 0) / count), unit: 'MB' },
      { name: `memory of one instance of ${String(count)}, most`, value: megabytes(Math.max(...memory)), unit: 'MB' },
    ]
  })
}
