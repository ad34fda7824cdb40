import { ora } from '../engine/ora-error.ts'
import type { Output } from './output.ts'
import type { ClientSession } from './session.ts'
import { CommandError, splitWords } from './settings.ts'

interface StartupOptions {
  readonly force: boolean
  readonly stage: 'nomount' | 'mount' | 'open'
  readonly mode: 'READ WRITE' | 'READ ONLY'
  readonly pfile: string | undefined
}

/** STARTUP's words. @throws CommandError SP2-0714 */
export function parseStartup(text: string): StartupOptions {
  const words = splitWords(text.replace(/\bpfile\s*=\s*/i, 'pfile= '))
  let options: StartupOptions = { force: false, stage: 'open', mode: 'READ WRITE', pfile: undefined }
  const invalid = () => new CommandError('SP2-0714: invalid combination of STARTUP options')
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const lower = word.toLowerCase()
    if (lower === 'pfile=') options = { ...options, pfile: words.shift() ?? '' }
    else if (lower === 'force') options = { ...options, force: true }
    else if (lower === 'nomount' || lower === 'mount' || lower === 'open') options = { ...options, stage: lower }
    else if (lower === 'quiet') continue
    else if (lower === 'read' && options.stage === 'open') {
      const mode = (words.shift() ?? '').toLowerCase()
      if (mode !== 'only' && mode !== 'write') throw invalid()
      options = { ...options, mode: mode === 'only' ? 'READ ONLY' : 'READ WRITE' }
    } else throw invalid()
  }
  if (options.pfile === '') throw invalid()
  return options
}

const amount = (label: string, value: string): string => `${label}${value.padStart(Math.max(1, 35 - label.length))} bytes`

/** The five lines about memory that STARTUP and SHOW SGA print. */
export async function memoryLines(session: ClientSession): Promise<string[]> {
  const { rows = [] } = await session.sql('select name, value from v$sga')
  const total = rows.reduce((sum, row) => sum + BigInt(row[1] ?? '0'), 0n)
  return ['', amount('Total System Global Area', total.toString()), ...rows.map((row) => amount(row[0] ?? '', row[1] ?? '0'))]
}

/** STARTUP [FORCE] [NOMOUNT | MOUNT | OPEN [READ ONLY]] [PFILE=file] */
export async function startup(session: ClientSession, output: Output, text: string): Promise<void> {
  const options = parseStartup(text)
  if (session.state === 'none') throw ora(1031, 'insufficient privileges')
  if (options.force && session.state === 'connected') {
    await session.shutdown('abort')
    output.line('ORACLE instance shut down.')
  }
  await session.start(options.pfile)
  output.line('ORACLE instance started.')
  output.lines(await memoryLines(session))
  if (options.stage === 'nomount') return
  await session.connection.call({ kind: 'mount' })
  output.line('Database mounted.')
  if (options.stage === 'mount') return
  await session.connection.call({ kind: 'open', mode: options.mode, resetlogs: false })
  output.line('Database opened.')
}

/** SHUTDOWN [NORMAL | TRANSACTIONAL | IMMEDIATE | ABORT]; says what was not open or mounted and goes on. */
export async function shutdown(session: ClientSession, output: Output, text: string): Promise<void> {
  const mode = text.trim().toLowerCase()
  if (!['', 'normal', 'transactional', 'immediate', 'abort'].includes(mode)) throw new CommandError('SP2-0717: illegal SHUTDOWN option')
  if (session.state === 'none') throw ora(1031, 'insufficient privileges')
  if (mode === 'abort') {
    await session.shutdown('abort')
    output.line('ORACLE instance shut down.')
    return
  }
  const status = await session.value('select status from v$instance')
  await session.shutdown('immediate')
  if (status === 'OPEN') output.line('Database closed.')
  else output.lines([status === 'MOUNTED' ? 'ORA-01109: database not open' : 'ORA-01507: database not mounted', '', ''])
  if (status !== 'STARTED') output.line('Database dismounted.')
  output.line('ORACLE instance shut down.')
}

/** ARCHIVE LOG LIST. @throws CommandError SP2-0718 */
export async function archiveLog(session: ClientSession, output: Output, text: string): Promise<void> {
  if (!/^log\s+list$/i.test(text.trim())) throw new CommandError('SP2-0718: illegal ARCHIVE LOG option')
  const mode = await session.value('select log_mode from v$database')
  const archiving = mode === 'ARCHIVELOG'
  const destination = await session.value("select max(destination) from v$archive_dest where status = 'VALID' and dest_id = (select max(dest_id) from v$archive_dest where status = 'VALID')")
  const { rows = [] } = await session.sql("select min(sequence#), max(decode(status, 'CURRENT', sequence#)), min(decode(archived, 'NO', sequence#)) from v$log where sequence# > 0")
  const [oldest, current, next] = rows[0] ?? []
  output.lines([
    `Database log mode              ${archiving ? 'Archive Mode' : 'No Archive Mode'}`,
    `Automatic archival             ${archiving ? 'Enabled' : 'Disabled'}`,
    `Archive destination            ${destination ?? ''}`,
    `Oldest online log sequence     ${oldest ?? '0'}`,
    ...(archiving ? [`Next log sequence to archive   ${next ?? current ?? '0'}`] : []),
    `Current log sequence           ${current ?? '0'}`,
  ])
}

