import type { StorageAdapter } from './adapter.ts'
import { storageErrors } from './errors.ts'
import { nearestName } from './nearest-name.ts'

/** Where an option was written. */
export interface OptionOrigin {
  readonly file: string
  readonly line?: number
  readonly section?: string
  readonly key?: string
}

export interface OptionProblem {
  /** Dotted path of the option; empty for the whole. */
  readonly key: string
  readonly message: string
  /** The known key that was probably meant. */
  readonly nearest?: string
  /** `file:line`, where known. */
  readonly at?: string
}

/**
 * Checks and normalises an adapter's options before anything is opened. Adapters use strict zod objects, so an unknown key is an error.
 * @throws ICB_STORAGE_OPTIONS; `details.problems` is the list of {@link OptionProblem}.
 */
export function validateAdapterOptions<Options>(adapter: StorageAdapter<Options>, options: Readonly<Record<string, unknown>>, origins: Readonly<Record<string, OptionOrigin>> = {}): Options {
  const parsed = adapter.options.safeParse(options)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.flatMap((issue): OptionProblem[] => {
    const path = issue.path.map(String)
    const known = keysOf(adapter.options, path)
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => problem([...path, key], 'is not an option of this adapter', origins, nearestName(key, known)))
    return [problem(path, issue.message, origins)]
  })
  const [first] = problems
  throw storageErrors.OPTIONS(problems.map((each) => describe(adapter.name, each)).join('; '), {
    hint: first?.nearest === undefined ? `See the options in the documentation of the adapter "${adapter.name}".` : `Did you mean "${first.nearest}"?`,
    details: { adapter: adapter.name, problems },
  })
}

function problem(path: readonly string[], message: string, origins: Readonly<Record<string, OptionOrigin>>, nearest?: string): OptionProblem {
  const key = path.join('.')
  const origin = origins[key] ?? origins[path[0] ?? '']
  return {
    key,
    message,
    ...(nearest === undefined ? {} : { nearest }),
    ...(origin === undefined ? {} : { at: origin.line === undefined ? origin.file : `${origin.file}:${origin.line}` }),
  }
}

function describe(adapter: string, { key, message, nearest, at }: OptionProblem): string {
  const where = at === undefined ? '' : `${at}: `
  const suggestion = nearest === undefined ? '' : ` (nearest: "${nearest}")`
  return `${where}storage adapter "${adapter}": ${key === '' ? 'options' : `"${key}"`}: ${message}${suggestion}`
}

/** The parts of a zod schema that are looked at; structurally, because the adapter may bring its own copy of zod. */
interface SchemaFace {
  readonly shape?: Readonly<Record<string, SchemaFace>>
  unwrap?(): SchemaFace
}

/** Keys of the object schema at `path`. */
function keysOf(schema: unknown, path: readonly string[]): readonly string[] {
  const shapeOf = (face: SchemaFace | undefined): SchemaFace['shape'] => face?.shape ?? (face?.unwrap === undefined ? undefined : shapeOf(face.unwrap()))
  let shape = shapeOf(schema as SchemaFace)
  for (const key of path) shape = shapeOf(shape?.[key])
  return Object.keys(shape ?? {})
}
