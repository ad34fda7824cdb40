import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorFactories, IcbError } from '@icb/runtime'
import type { ConfigOrigin } from './model.ts'

const definitions = {
  NOT_FOUND: { remedy: 'fix', summary: 'The configuration file does not exist or cannot be read.' },
  SYNTAX: { remedy: 'fix', summary: 'A line of the configuration is no valid INI or YAML.' },
  DUPLICATE_SECTION: { remedy: 'fix', summary: 'A section stands twice in the file.' },
  DUPLICATE_KEY: { remedy: 'fix', summary: 'A key stands twice in one section.' },
  UNKNOWN_SECTION: { remedy: 'fix', summary: 'A section has neither a reserved name nor that of a database.' },
  UNKNOWN_KEY: { remedy: 'fix', summary: 'A key is not known where it stands.' },
  UNKNOWN_DATABASE: { remedy: 'fix', summary: 'A database that was asked for is not in the configuration.' },
  MISSING_KEY: { remedy: 'fix', summary: 'A required key is missing.' },
  INVALID_VALUE: { remedy: 'fix', summary: 'A value has the wrong form or is out of range.' },
  INTERPOLATION: { remedy: 'fix', summary: 'A % in an INI value is neither %% nor a reference to another key.' },
  INVALID: { remedy: 'fix', summary: 'The configuration has several mistakes; all are listed.' },
  SECRET_MISSING: { remedy: 'fix', summary: 'A secret is not where its reference points.' },
  SECRET_MODE: { remedy: 'fix', summary: 'A file with a secret can be read by its group or by others.' },
  SECRET_COMMAND: { remedy: 'operator', summary: 'The command that prints a secret failed.' },
} as const

type Definitions = typeof definitions

const defined: DefinedErrors<Definitions> = defineErrors('CONFIG', definitions)

/** The errors of this package; codes `ICB_CONFIG_…`. */
export const configErrors: ErrorFactories<Definitions> = defined.errors
export const configErrorCatalogue: DefinedErrors<Definitions>['catalogue'] = defined.catalogue

export type ConfigErrorName = keyof Definitions

/** One mistake of a configuration, before it is known whether there are more. */
export interface ConfigProblem {
  readonly name: ConfigErrorName
  /** Without place: `unknown key`. */
  readonly message: string
  readonly origin: ConfigOrigin
  /** The nearest right name. */
  readonly nearest?: string | undefined
  readonly hint?: string | undefined
}

/** `backup.cfg:12: [cdb1] parallel`, as far as it is known. */
export function formatOrigin(origin: ConfigOrigin): string {
  const place = [origin.file, origin.line, origin.column].filter((part) => part !== undefined).join(':')
  const subject = [origin.section === undefined ? undefined : `[${origin.section}]`, origin.key].filter((part) => part !== undefined).join(' ')
  return subject === '' ? place : `${place}: ${subject}`
}

/** The error of one mistake. Its details carry file, line, column, section, key and the nearest right name. */
export function problemError(problem: ConfigProblem): IcbError {
  const suggestion = problem.nearest === undefined ? '' : `; did you mean "${problem.nearest}"?`
  const hint = problem.hint ?? (problem.nearest === undefined ? undefined : `Write "${problem.nearest}".`)
  return configErrors[problem.name](`${formatOrigin(problem.origin)}: ${problem.message}${suggestion}`, {
    details: { ...problem.origin, ...(problem.nearest === undefined ? {} : { nearest: problem.nearest }) },
    ...(hint === undefined ? {} : { hint }),
  })
}

const listedAtMost = 50

/**
 * Throws when there is a mistake: that mistake's own error for a single one, else `ICB_CONFIG_INVALID` that lists all (`details.problems`),
 * so that a person corrects a file in one go.
 */
export function throwProblems(problems: readonly ConfigProblem[]): void {
  const [first] = problems
  if (first === undefined) return
  // A wrong default is met once for each database that uses it.
  const distinct = [...new Map(problems.map((problem) => [`${formatOrigin(problem.origin)} ${problem.message}`, problem])).values()]
  if (distinct.length === 1) throw problemError(first)
  const errors = distinct.slice(0, listedAtMost).map(problemError)
  const rest = distinct.length - errors.length
  const lines = [...errors.map((error) => `  ${error.message}`), ...(rest === 0 ? [] : [`  and ${rest} more`])]
  throw configErrors.INVALID(`${distinct.length} mistakes in ${first.origin.file}:\n${lines.join('\n')}`, {
    hint: 'Correct each of them; nothing was started.',
    details: { file: first.origin.file, problems: errors.map(({ code, message, hint, details }) => ({ code, message, hint, ...details })) },
  })
}
