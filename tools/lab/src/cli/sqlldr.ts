import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { OraError } from '../engine/ora-error.ts'
import { socketPath } from '../host/host.ts'
import { dateText } from '../host/local-time.ts'
import { resolveAlias } from '../host/net.ts'
import { type InstanceConnection, connectInstance } from '../server/client.ts'
import type { ProgramContext } from './program-context.ts'
import { ControlSyntaxError, type LoadControl, fieldsOf, parseControl } from './sqlldr-control.ts'

/** EX_SUCC, EX_FAIL, EX_WARN as on Unix. */
const exit = { success: 0, failed: 1, warning: 2 } as const

const usage = `Usage: SQLLDR keyword=value [,keyword=value,...]\n\nValid Keywords: \n\n    userid -- ORACLE username/password           \n   control -- control file name                  \n       log -- log file name                      \n       bad -- bad file name                      \n      data -- data file name                     \n    silent -- suppress messages during run       \n`

/** `/@alias` of the wallet, or `/` on the instance of ORACLE_SID. @throws OraError 12154, 01017, 01034 … */
async function logon(userid: string, { host, env }: ProgramContext): Promise<InstanceConnection> {
  const match = /^\/(?:@(\S+))?$/.exec(userid)
  if (match === null) throw new OraError([{ code: 'ORA-01017', text: 'invalid username/password; logon denied' }])
  const target = match[1] === undefined ? { socketPath: socketPath(host, env['ORACLE_SID'] ?? ''), user: 'SYS' } : await resolveAlias(env['TNS_ADMIN'] ?? '', match[1], host)
  const connection = await connectInstance(target.socketPath)
  await connection.call({ kind: 'logon', program: 'sqlplus', as: target.user === 'SYS' ? 'sysdba' : 'none', username: target.user })
  return connection
}

interface Loaded {
  readonly loaded: number
  readonly bad: readonly string[]
  readonly complaints: readonly string[]
  readonly read: number
}

async function load(connection: InstanceConnection, control: LoadControl, lines: readonly string[], directory: string, real: (file: string) => string): Promise<Loaded> {
  if (control.mode === 'TRUNCATE') await connection.call({ kind: 'sql', text: `truncate table ${control.table}` })
  if (control.mode === 'REPLACE') await connection.call({ kind: 'sql', text: `delete from ${control.table}` })
  if (control.mode === 'INSERT') {
    const { rows = [] } = (await connection.call({ kind: 'sql', text: `select 1 from ${control.table} where rownum = 1` })) as { readonly rows?: readonly unknown[] }
    if (rows.length > 0) throw new ControlSyntaxError('SQL*Loader-601: For INSERT option, table must be empty.  Error on table ' + control.table)
  }
  const targets = control.columns.filter(({ kind }) => kind !== 'filler')
  const read = control.columns.filter(({ kind }) => kind === 'field' || kind === 'filler')
  const text = `insert into ${control.table} (${targets.map(({ name }) => name).join(', ')}) values (${targets.map((_, at) => `:v${String(at)}`).join(', ')})`
  const bad: string[] = []
  const complaints: string[] = []
  let loaded = 0
  for (const [at, line] of lines.entries()) {
    try {
      const fields = fieldsOf(line, control)
      const values = new Map(read.map(({ name }, place) => [name, fields[place] ?? '']))
      const binds: Record<string, string> = {}
      for (const [place, { name, kind, value }] of targets.entries()) {
        binds[`V${String(place)}`] = kind === 'constant' ? (value ?? '') : kind === 'lobfile' ? await readFile(real(path.resolve(directory, values.get(value ?? '') ?? '')), 'utf8') : (values.get(name) ?? '')
      }
      await connection.call({ kind: 'sql', text, binds })
      loaded += 1
    } catch (error) {
      bad.push(line)
      complaints.push(`Record ${String(at + 1)}: Rejected - Error on table ${control.table}.\n${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
  await connection.call({ kind: 'sql', text: 'commit' })
  return { loaded, bad, complaints, read: lines.length }
}

/** `sqlldr userid=/@alias control=file.ctl [log=] [bad=] [data=] [silent=…]`: delimited data and LOB files into a table. */
export async function runSqlldr(args: readonly string[], context: ProgramContext): Promise<number> {
  const { host, stdout } = context
  const started = dateText(host.now(), host.timeZone)
  const keywords = new Map(args.flatMap((arg, at) => { const match = /^(\w+)=(.*)$/s.exec(arg); return match === null ? [[['userid', 'control', 'log', 'bad', 'data'][at] ?? '', arg] as const] : [[(match[1] ?? '').toLowerCase(), match[2] ?? ''] as const] }))
  const banner = `\nSQL*Loader: Release ${host.lab.release} - Production on ${started}\n(@icb/lab simulator, not Oracle software)\n\n`
  const silent = (keywords.get('silent') ?? '').toLowerCase()
  if (!silent.includes('header')) stdout.write(banner)
  const controlName = keywords.get('control')
  if (args.length === 0 || controlName === undefined) {
    stdout.write(args.length === 0 ? usage : 'SQL*Loader-287: No control file name specified.\n')
    return exit.failed
  }
  const file = (name: string, extension: string): string => host.real(path.resolve(path.extname(name) === '' ? `${name}.${extension}` : name))
  let connection: InstanceConnection | undefined
  try {
    const source = file(controlName, 'ctl')
    const text = await readFile(source, 'utf8').catch(() => { throw new ControlSyntaxError(`SQL*Loader-500: Unable to open file (${source})\nSQL*Loader-553: file not found\nSQL*Loader-509: System error: No such file or directory`) })
    const control = parseControl(text)
    const infile = keywords.get('data') ?? control.infile
    const data = infile === '*' ? (control.data ?? '') : await readFile(file(infile, 'dat'), 'utf8').catch(() => { throw new ControlSyntaxError(`SQL*Loader-500: Unable to open file (${infile})\nSQL*Loader-553: file not found\nSQL*Loader-509: System error: No such file or directory`) })
    connection = await logon(keywords.get('userid') ?? '/', context)
    const lines = data.split('\n').filter((line) => line.trim() !== '')
    const result = await load(connection, control, lines, path.dirname(source), (name) => host.real(name))
    const summary = `Table ${control.table}:\n  ${String(result.loaded)} Row${result.loaded === 1 ? '' : 's'} successfully loaded.\n  ${String(result.bad.length)} Row${result.bad.length === 1 ? '' : 's'} not loaded due to data errors.\n`
    const base = controlName.replace(/\.ctl$/i, '')
    if (result.bad.length > 0) await writeFile(file(keywords.get('bad') ?? base, 'bad'), `${result.bad.join('\n')}\n`)
    await writeFile(file(keywords.get('log') ?? base, 'log'), `${banner}Control File:   ${controlName}\nData File:      ${infile}\n\nTable ${control.table}, loaded from every logical record.\nInsert option in effect for this table: ${control.mode}\n\n${result.complaints.join('\n')}\n${summary}\nTotal logical records read: ${String(result.read)}\nTotal logical records rejected: ${String(result.bad.length)}\n\nRun began on ${started}\nRun ended on ${dateText(host.now(), host.timeZone)}\n`)
    if (!silent.includes('feedback') && silent !== 'all') stdout.write(`Path used:      Conventional\nCommit point reached - logical record count ${String(result.read)}\n\n${summary}\nCheck the log file:\n  ${keywords.get('log') ?? `${base}.log`}\nfor more information about the load.\n`)
    return result.bad.length > 0 ? exit.warning : exit.success
  } catch (error) {
    if (!(error instanceof ControlSyntaxError || error instanceof OraError)) throw error
    stdout.write(`${error instanceof OraError ? 'SQL*Loader-704: Internal error: ulconnect: OCISessionBegin [0]\n' : ''}${error.message}\n`)
    return exit.failed
  } finally {
    connection?.close()
  }
}
