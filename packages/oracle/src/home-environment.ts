import type { ProcessRunner } from '@icb/runtime'

/** An interim patch of the home, as `opatch lspatches` lists it. */
export interface HomePatch {
  readonly id: string
  readonly description: string
}

/** A service of the database that Clusterware manages, as `srvctl config service` tells it. */
export interface ManagedService {
  readonly name: string
  readonly enabled: boolean
  readonly preferred: readonly string[]
  readonly available: readonly string[]
  readonly edition?: string
  readonly pdb?: string
  /** LONG, SHORT */
  readonly connectionGoal?: string
  /** NONE, SERVICE_TIME, THROUGHPUT */
  readonly runtimeGoal?: string
}

/** What a database needs around it on another host. What could not be asked is in `problems`; nothing of it is an error. */
export interface HomeEnvironment {
  readonly oracleHome: string
  readonly patches: readonly HomePatch[]
  /** Lines of `srvctl config database`, key to value; empty where Clusterware does not know the database. */
  readonly database: Readonly<Record<string, string>>
  readonly services: readonly ManagedService[]
  readonly problems: readonly string[]
}

/** Patches of `opatch lspatches`: `<number>;<description>`. */
export function parsePatches(lines: readonly string[]): readonly HomePatch[] {
  return lines.flatMap((line): HomePatch[] => {
    const match = /^\s*(\d{5,});(.*)$/.exec(line)
    return match === null ? [] : [{ id: match[1] ?? '', description: (match[2] ?? '').trim() }]
  })
}

/** `key: value` lines; of equal keys the last one counts. */
export function parseSrvctl(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(lines.flatMap((line): [string, string][] => {
    const at = line.indexOf(':')
    return at <= 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]]
  }))
}

function names(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
}

/** Services of `srvctl config service -d <db>`: each begins with its name. */
export function parseServices(lines: readonly string[]): readonly ManagedService[] {
  const blocks: string[][] = []
  for (const line of lines) {
    if (/^Service name:/.test(line)) blocks.push([])
    blocks.at(-1)?.push(line)
  }
  return blocks.map((block): ManagedService => {
    const told = parseSrvctl(block)
    const text = (key: string): string | undefined => (told[key] === undefined || told[key] === '' ? undefined : told[key])
    const [edition, pdb, connectionGoal, runtimeGoal] = [text('Edition'), text('Pluggable database name'), text('Connection Load Balancing Goal'), text('Runtime Load Balancing Goal')]
    return {
      name: told['Service name'] ?? '', enabled: block.some((line) => /^Service is enabled\b/.test(line)), preferred: names(told['Preferred instances']), available: names(told['Available instances']),
      ...(edition === undefined ? {} : { edition }), ...(pdb === undefined ? {} : { pdb }), ...(connectionGoal === undefined ? {} : { connectionGoal }), ...(runtimeGoal === undefined ? {} : { runtimeGoal }),
    }
  })
}

function quoted(word: string): string {
  return /^[\w.,:$#-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Commands that make the services anew. `srvctl` has long options from 12.1 on. */
export function serviceCommands(database: string, services: readonly ManagedService[], options: { readonly longOptions: boolean }): readonly string[] {
  const [db, service, preferred, available, edition, connection, runtime, pdb] = options.longOptions
    ? ['-database', '-service', '-preferred', '-available', '-edition', '-clbgoal', '-rlbgoal', '-pdb']
    : ['-d', '-s', '-r', '-a', '-t', '-j', '-B', '-pdb']
  return services.map((each) => {
    const words: (readonly [string | undefined, string | undefined])[] = [
      [db, database], [service, each.name], [preferred, each.preferred.join(',')], [available, each.available.join(',')], [edition, each.edition], [connection, each.connectionGoal], [runtime, each.runtimeGoal],
      // Releases with short options have no pluggable databases.
      [pdb, options.longOptions ? each.pdb : undefined],
    ]
    return ['srvctl add service', ...words.filter(([, value]) => value !== undefined && value !== '').map(([option, value]) => `${option ?? ''} ${quoted(value ?? '')}`)].join(' ')
  })
}

export interface HomeEnvironmentOptions {
  readonly oracleHome: string
  readonly database: string
  /** Whether Clusterware is asked at all. */
  readonly clusterware: boolean
  readonly env: Readonly<Record<string, string>>
  readonly runProcess: ProcessRunner
  /** For each program. Default 120000. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal | undefined
}

/** Asks OPatch and srvctl. A program that is missing, fails or hangs is a problem in the answer; it never throws but for the signal. */
export async function readHomeEnvironment(options: HomeEnvironmentOptions): Promise<HomeEnvironment> {
  const { oracleHome, database, env, runProcess, signal } = options
  const problems: string[] = []
  const ask = async (what: string, file: string, args: readonly string[]): Promise<readonly string[]> => {
    const lines: string[] = []
    try {
      const result = await runProcess({ file, args, env, deadlineMs: options.deadlineMs ?? 120_000, onLine: (line, stream) => { if (stream === 'stdout') lines.push(line.trimEnd()) } }, { signal })
      signal?.throwIfAborted()
      if (result.exitCode === 0) return lines
      // A database that Clusterware does not manage is no problem.
      if (!lines.some((line) => /^PRCD-1120|^PRCR-1001/.test(line))) problems.push(`${what} ${result.timedOut ? 'did not end in time' : `ended with ${String(result.exitCode ?? result.signal)}: ${result.tail.at(-1) ?? ''}`}`)
    } catch (error) {
      signal?.throwIfAborted()
      problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
    return []
  }
  const srvctl = (kind: string): Promise<readonly string[]> => (options.clusterware ? ask(`srvctl config ${kind}`, `${oracleHome}/bin/srvctl`, ['config', kind, '-d', database]) : Promise.resolve([]))
  const [patches, configured, services] = await Promise.all([ask('opatch lspatches', `${oracleHome}/OPatch/opatch`, ['lspatches']), srvctl('database'), srvctl('service')])
  return { oracleHome, patches: parsePatches(patches), database: parseSrvctl(configured), services: parseServices(services), problems }
}
