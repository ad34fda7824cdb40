import type { Command } from './grammar/ast.ts'

/** What the RMAN client asks of the server session: the `command` of an `rman` request of the wire protocol. */
export type RmanRequest =
  /** Prints the "connected to target database" line. */
  | { readonly kind: 'describe'; readonly environment: RmanEnvironment }
  | { readonly kind: 'begin-run'; readonly environment: RmanEnvironment }
  /** Ends a RUN: its channels are released. */
  | { readonly kind: 'end-run'; readonly environment: RmanEnvironment }
  /** `answer` is the reply to the question that the same command asked before. */
  | { readonly kind: 'command'; readonly command: Command; readonly environment: RmanEnvironment; readonly answer: boolean | null }

/** What of the client's environment shows in the output. */
export interface RmanEnvironment {
  /** NLS_DATE_FORMAT. */
  readonly dateFormat: string
  /** SET COMMAND ID. */
  readonly commandId: string | null
}

export interface RmanReply {
  /** A yes-or-no question that must be answered before the command goes on. */
  readonly question: string | null
}
