/** A message of SQL*Plus itself; it never sets the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** What SET changes. */
export interface Settings {
  pagesize: number
  linesize: number
  trimspool: boolean
  trimout: boolean
  /** Fewest rows for which the count is shown; 0: never. */
  feedback: number
  heading: boolean
  verify: boolean
  /** The substitution character; `undefined`: off. */
  define: string | undefined
  echo: boolean
  colsep: string
  serveroutput: boolean
  sqlblanklines: boolean
  timing: boolean
  numwidth: number
  long: number
  longchunksize: number
  termout: boolean
  newpage: number
  wrap: boolean
  null: string
  /** Begins a new line inside of a heading. */
  headsep: string | undefined
  /** A blank line after rows that take several lines. */
  recsep: 'wrapped' | 'each' | 'off'
  sqlprompt: string
  underline: string
  /** Commits after every statement that changes something. */
  autocommit: boolean
  exitcommit: boolean
  /** Before the substitution character it is only itself; `undefined`: there is none. */
  escape: string | undefined
  /** Ends the name of a substitution variable. */
  concat: string | undefined
  csv: { readonly delimiter: string; readonly quote: boolean } | undefined
}

export function defaultSettings(): Settings {
  return {
    pagesize: 14, linesize: 80, trimspool: false, trimout: true, feedback: 6, heading: true, verify: true, define: '&', echo: false, colsep: ' ', serveroutput: false, sqlblanklines: false, timing: false,
    numwidth: 10, long: 80, longchunksize: 80, termout: true, newpage: 1, wrap: true, null: '', headsep: '|', recsep: 'wrapped', sqlprompt: 'SQL> ', underline: '-', autocommit: false, exitcommit: true, escape: undefined, concat: '.', csv: undefined,
  }
}

type Take = () => string | undefined
type Apply = (settings: Settings, take: Take, name: string) => void

function required(take: Take, name: string): string {
  const value = take()
  if (value === undefined) throw new CommandError(`SP2-0281: ${name} missing set option`)
  return value
}

const toggle =
  (key: 'autocommit' | 'exitcommit' | 'trimspool' | 'trimout' | 'heading' | 'verify' | 'echo' | 'sqlblanklines' | 'timing' | 'termout' | 'wrap'): Apply =>
  (settings, take, name) => {
    settings[key] = onOff(required(take, name), name)
  }

function onOff(value: string, name: string): boolean {
  if (/^on$/i.test(value)) return true
  if (/^off$/i.test(value)) return false
  throw new CommandError(`SP2-0265: ${name} must be set ON or OFF`)
}

const number =
  (key: 'pagesize' | 'linesize' | 'numwidth' | 'long' | 'longchunksize' | 'newpage', least: number, most: number): Apply =>
  (settings, take, name) => {
    const text = required(take, name)
    if (key === 'newpage' && /^none$/i.test(text)) {
      settings.newpage = 0
      return
    }
    const value = Number(text)
    if (!/^\d+$/.test(text)) throw new CommandError(`SP2-0268: ${name} option not a valid number`)
    if (value < least || value > most) throw new CommandError(`SP2-0267: ${name} option ${text} out of range (${String(least)} through ${String(most)})`)
    settings[key] = value
  }

const word =
  (key: 'colsep' | 'null' | 'sqlprompt' | 'underline'): Apply =>
  (settings, take, name) => {
    settings[key] = required(take, name)
  }

/** Known, and without an effect on a script's output here. */
const ignored: Apply = (_settings, take, name) => {
  required(take, name)
}

/** Full name, shortest abbreviation, effect. */
const options: readonly (readonly [string, string, Apply])[] = [
  ['pagesize', 'pages', number('pagesize', 0, 50000)],
  ['linesize', 'lin', number('linesize', 1, 32767)],
  ['trimspool', 'trims', toggle('trimspool')],
  ['trimout', 'trim', toggle('trimout')],
  ['feedback', 'feed', (settings, take, name) => (settings.feedback = feedback(required(take, name), name))],
  ['heading', 'hea', toggle('heading')],
  ['verify', 'ver', toggle('verify')],
  ['define', 'def', (settings, take, name) => (settings.define = character(required(take, name)))],
  ['echo', 'echo', toggle('echo')],
  ['colsep', 'colsep', word('colsep')],
  ['serveroutput', 'serverout', serverOutput],
  ['sqlblanklines', 'sqlbl', toggle('sqlblanklines')],
  ['timing', 'timi', toggle('timing')],
  ['numwidth', 'num', number('numwidth', 2, 50)],
  ['long', 'long', number('long', 1, 2000000000)],
  ['longchunksize', 'longc', number('longchunksize', 1, 2000000000)],
  ['termout', 'term', toggle('termout')],
  ['newpage', 'newp', number('newpage', 0, 999)],
  ['wrap', 'wra', toggle('wrap')],
  ['null', 'null', word('null')],
  ['sqlprompt', 'sqlp', word('sqlprompt')],
  ['underline', 'und', word('underline')],
  ['recsep', 'rec', recordSeparator],
  ['markup', 'mark', markup],
  ['autocommit', 'auto', toggle('autocommit')],
  ['exitcommit', 'exitc', toggle('exitcommit')],
  ['escape', 'esc', (settings, take, name) => (settings.escape = marker(required(take, name), '\\'))],
  ['headsep', 'heads', (settings, take, name) => (settings.headsep = marker(required(take, name), '|'))],
  ['concat', 'con', (settings, take, name) => (settings.concat = marker(required(take, name), '.'))],
  ['sqlterminator', 'sqlt', only(/^(;|on)$/i)],
  ['sqlcase', 'sqlc', only(/^mix/i)],
  ['pause', 'pau', only(/^off$/i)],
  ['autotrace', 'autot', only(/^off$/i)],
  ['errorlogging', 'errorl', only(/^off$/i)],
  ['showmode', 'show', only(/^off$/i)],
  ['copycommit', 'copyc', only(/^0$/)],
  ...['tab', 'sqlprefix:sqlpre', 'arraysize:arr', 'flush:flu', 'sqlnumber:sqln', 'time:ti', 'appinfo:appi', 'sqlcontinue:sqlco', 'embedded:emb'].map((name): [string, string, Apply] => [name.split(':')[0] ?? '', name.split(':').at(-1) ?? '', ignored]),
]

function feedback(value: string, name: string): number {
  if (/^\d+$/.test(value)) return Number(value)
  // ON means from one row on; the default before any SET is six.
  return onOff(value, name) ? 1 : 0
}

/** A character that OFF takes away and ON gives back. */
function marker(value: string, usual: string): string | undefined {
  if (/^off$/i.test(value)) return undefined
  return /^on$/i.test(value) ? usual : value.slice(0, 1)
}

/** An option whose other values would change something that is not simulated. */
function only(usual: RegExp): Apply {
  return (_settings, take, name) => {
    const value = required(take, name)
    if (!usual.test(value)) throw new CommandError(`SP2-0735: unknown SET ${name} option beginning "${value}"`)
  }
}

function character(value: string): string | undefined {
  if (/^off$/i.test(value)) return undefined
  return /^on$/i.test(value) ? '&' : value.slice(0, 1)
}

function recordSeparator(settings: Settings, take: Take, name: string): void {
  const value = required(take, name).toLowerCase()
  const found = (['wrapped', 'each', 'off'] as const).find((mode) => mode.startsWith(value) && value.length >= 2)
  if (found === undefined) throw new CommandError(`SP2-0265: ${name} must be set WRAPPED, EACH or OFF`)
  settings.recsep = found
}

function serverOutput(settings: Settings, take: Take, name: string): void {
  settings.serveroutput = onOff(required(take, name), name)
  for (let option = peekWord(take); /^(size|for|format)$/i.test(option); option = peekWord(take)) {
    take()
    const value = required(take, name)
    if (/^size$/i.test(option) ? !/^(\d+|unl(i(m(i(t(e(d)?)?)?)?)?)?)$/i.test(value) : !/^(wra|wor|tru)/i.test(value)) throw new CommandError(`SP2-0547: size option ${value} out of range (2000 through 1000000)`)
  }
}

const lookahead = new WeakMap<Take, string[]>()

/** The next word of a SET line without taking it. */
function peekWord(take: Take): string {
  return lookahead.get(take)?.[0] ?? ''
}

function markup(settings: Settings, take: Take): void {
  const kind = take()
  if (kind === undefined || !/^csv$/i.test(kind)) throw new CommandError('SP2-0158: unknown SET option "markup"')
  const state = onOff(required(take, 'csv'), 'csv')
  let delimiter = ','
  let quote = true
  for (let option = peekWord(take); /^(delim|delimiter|quote)$/i.test(option); option = peekWord(take)) {
    take()
    if (/^quote$/i.test(option)) quote = onOff(required(take, 'quote'), 'quote')
    else delimiter = required(take, 'delimiter')
  }
  settings.csv = state ? { delimiter, quote } : undefined
}

/** Words and quoted texts of a command line. */
export function splitWords(text: string): string[] {
  return Array.from(text.matchAll(/'((?:[^']|'')*)'|"([^"]*)"|(\S+)/g), (found) => found[1]?.replaceAll("''", "'") ?? found[2] ?? found[3] ?? '')
}

function optionNamed(name: string): readonly [string, string, Apply] | undefined {
  const lower = name.toLowerCase()
  const fitting = options.filter(([full, shortest]) => full.startsWith(lower) && lower.startsWith(shortest))
  return fitting.find(([full]) => full === lower) ?? fitting[0]
}

/** `SET name value [name value …]`. @throws CommandError SP2-0158, SP2-0265, SP2-0267, SP2-0281 */
export function applySet(settings: Settings, text: string): void {
  const words = splitWords(text)
  if (words.length === 0) throw new CommandError('SP2-0281: SET missing set option')
  const take: Take = () => words.shift()
  lookahead.set(take, words)
  while (words.length > 0) {
    const name = words.shift() ?? ''
    const option = optionNamed(name)
    if (option === undefined) throw new CommandError(`SP2-0158: unknown SET option "${name}"`)
    option[2](settings, take, option[0])
  }
}

/** `linesize 80` for SHOW; `undefined`: no such setting. */
export function showSetting(settings: Settings, name: string): string | undefined {
  const full = optionNamed(name)?.[0]
  if (full === undefined || !(full in settings)) return undefined
  const value = settings[full as keyof Settings]
  if (typeof value === 'boolean') return `${full} ${value ? 'ON' : 'OFF'}`
  if (typeof value === 'number' && full !== 'feedback') return `${full} ${String(value)}`
  if (typeof value === 'number') return value === 0 ? 'feedback OFF' : `FEEDBACK ON for ${String(value)} or more rows`
  if (typeof value === 'string') return `${full} "${value}"`
  return `${full} ${value === undefined ? 'OFF' : 'CSV'}`
}
