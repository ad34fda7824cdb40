import type { OraMessage } from '../../engine/ora-error.ts'

/** The command line of the `rman` program. */
export interface RmanArguments {
  readonly target: string | null
  readonly catalog: string | null
  readonly auxiliary: string | null
  readonly log: string | null
  readonly append: boolean
  readonly cmdfile: string | null
}

const withValue = ['target', 'catalog', 'auxiliary', 'log', 'msglog', 'cmdfile'] as const
type WithValue = (typeof withValue)[number]

/** Parses `rman target / log=x append cmdfile=y @z`; a list of messages when RMAN would refuse it. */
export function parseArguments(argv: readonly string[]): RmanArguments | readonly OraMessage[] {
  const values = new Map<WithValue, string>()
  let append = false
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? ''
    if (argument.startsWith('@')) {
      values.set('cmdfile', argument.slice(1))
      continue
    }
    const [, word = '', inline] = /^([^=]*)(?:=(.*))?$/s.exec(argument) ?? []
    const name = word.toLowerCase()
    const key = withValue.find((candidate) => candidate === name)
    if (key !== undefined) {
      let value = inline
      if (value === undefined) {
        at++
        if (argv[at] === '=') at++
        value = argv[at]
      }
      if (value === undefined || value === '') return refused(`found "end-of-file": expecting one of: "double-quoted-string, equal, identifier, single-quoted-string"`)
      values.set(key === 'msglog' ? 'log' : key, unquoted(value))
    } else if (name === 'append' && inline === undefined) append = true
    else if (name !== 'nocatalog' || inline !== undefined) {
      return refused(`found "identifier": expecting one of: "append, auxiliary, catalog, checksyntax, cmdfile, log, msglog, nocatalog, target, @"`, argument)
    }
  }
  return { target: values.get('target') ?? null, catalog: values.get('catalog') ?? null, auxiliary: values.get('auxiliary') ?? null, log: values.get('log') ?? null, append, cmdfile: values.get('cmdfile') ?? null }
}

/** A value with blanks reaches the program in quotes of its own: `target '"app/secret@orcl as sysbackup"'`. */
function unquoted(value: string): string {
  return /^(?:"[^"]*"|'[^']*')$/.test(value) ? value.slice(1, -1) : value
}

function refused(found: string, bad?: string): readonly OraMessage[] {
  return [
    { code: 'RMAN-00552', text: 'syntax error in command line arguments' },
    { code: 'RMAN-01009', text: `syntax error: ${found}` },
    ...(bad === undefined ? [] : [{ code: 'RMAN-01008', text: `the bad identifier was: ${bad}` }]),
  ]
}
