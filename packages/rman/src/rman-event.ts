/** One thing that RMAN's output said. Every non-blank line of a run is part of exactly one event. */
export type RmanEvent =
  | { readonly type: 'banner'; readonly release?: string }
  | { readonly type: 'connected'; readonly role: 'target' | 'catalog'; readonly name?: string; readonly dbid?: string; readonly state: 'open' | 'mounted' | 'not-mounted' }
  | { readonly type: 'echo'; readonly text: string }
  | { readonly type: 'phase'; readonly operation: string; readonly edge: 'start' | 'finish'; readonly at: string }
  | { readonly type: 'channel'; readonly channel: string; readonly action: 'allocated' | 'released' | 'using' | 'session' | 'starting' | 'info'; readonly sid?: number; readonly text: string }
  | { readonly type: 'input-file'; readonly file: number; readonly name: string }
  | { readonly type: 'copy-created'; readonly name: string; readonly tag: string; readonly recid: number; readonly stamp: number }
  | { readonly type: 'level0'; readonly file?: number; readonly text: string }
  | { readonly type: 'nothing-to-recover'; readonly file: number }
  | { readonly type: 'piece'; readonly handle: string; readonly tag?: string; readonly action: 'written' | 'read' | 'restored' | 'deleted' | 'listed' | 'changed' }
  | { readonly type: 'merging'; readonly file: number; readonly name: string }
  | { readonly type: 'skipped'; readonly file: number; readonly reason: string }
  | { readonly type: 'elapsed'; readonly what: string; readonly seconds: number }
  | { readonly type: 'no-match'; readonly what: string }
  | { readonly type: 'count'; readonly action: string; readonly count: number }
  | { readonly type: 'switched'; readonly file: number; readonly name: string }
  | { readonly type: 'creating-file'; readonly file: number; readonly name: string }
  | { readonly type: 'archived-log'; readonly name: string; readonly thread?: number; readonly sequence?: number; readonly action: 'applied' | 'on-disk' | 'uncataloged' | 'deleted' | 'copied' | 'listed' }
  | { readonly type: 'copy-file'; readonly name: string; readonly action: 'uncataloged' | 'deleted' | 'listed' }
  | { readonly type: 'catalog-file'; readonly name: string; readonly state: 'unknown' | 'cataloged' | 'not-cataloged'; readonly reason?: string }
  /** A file restored from a backup piece: the control file. */
  | { readonly type: 'restored-file'; readonly name: string }
  | { readonly type: 'recovery-complete'; readonly seconds?: number }
  | { readonly type: 'validated'; readonly file: number; readonly name?: string; readonly status: 'OK' | 'FAILED'; readonly markedCorrupt: number; readonly emptyBlocks: number; readonly blocksExamined: number; readonly highScn: bigint; readonly failing: { readonly data: number; readonly index: number; readonly other: number }; readonly processed: { readonly data: number; readonly index: number; readonly other: number } }
  | { readonly type: 'corruption-found'; readonly traceFile?: string }
  | { readonly type: 'configuration'; readonly text: string; readonly state: 'old' | 'new' | 'current'; readonly isDefault: boolean }
  | { readonly type: 'statement-processed'; readonly text: string }
  | { readonly type: 'message'; readonly code: string; readonly text: string; readonly inErrorStack: boolean }
  | { readonly type: 'report'; readonly text: string }
  | { readonly type: 'complete' }
  | { readonly type: 'unknown'; readonly text: string }

export interface RmanMessage {
  /** `RMAN-06054`, `ORA-19625`. */
  readonly code: string
  readonly text: string
}

export interface RmanResult {
  /** Exit 0, no error stack, `Recovery Manager complete.` seen. */
  readonly ok: boolean
  readonly exitCode: number | null
  readonly timedOut: boolean
  /** Messages of error stacks, general first, root cause last. */
  readonly errors: readonly RmanMessage[]
  /** RMAN-/ORA- lines outside a stack, and `warning:` lines. */
  readonly warnings: readonly RmanMessage[]
  readonly connected?: { readonly name: string; readonly dbid?: string; readonly state: 'open' | 'mounted' | 'not-mounted' }
  readonly durationMs: number
  /** Last lines, for people. */
  readonly tail: readonly string[]
}

export interface RmanRunOptions {
  /** Command text without CONNECT and EXIT; made by the builders. */
  readonly script: string
  /** At most 30 characters; set with SET COMMAND ID so that surviving server sessions can be found. */
  readonly commandId: string
  readonly deadlineMs: number
  readonly onEvent?: (event: RmanEvent) => void
  /** Every line of its output, both streams, as it comes. */
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

/** RMAN against one target. */
export interface Rman {
  /** Resolves for failures of RMAN too: look at `ok`. @throws ICB_RMAN_START when the program cannot be started. */
  run(options: RmanRunOptions): Promise<RmanResult>
}
