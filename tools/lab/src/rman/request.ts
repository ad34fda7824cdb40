import type { DuplicatePlan, DuplicateTempfile } from './duplicate-plan.ts'
import type { Command, DuplicateCommand } from './grammar/ast.ts'

/** What the RMAN client asks of the server session: the `command` of an `rman` request of the wire protocol. */
export type RmanRequest =
  /** Prints the "connected to target database" line, or that of the auxiliary one. */
  | { readonly kind: 'describe'; readonly to: 'target' | 'auxiliary'; readonly environment: RmanEnvironment }
  | { readonly kind: 'begin-run'; readonly environment: RmanEnvironment }
  /** Ends a RUN: its channels are released. */
  | { readonly kind: 'end-run'; readonly environment: RmanEnvironment }
  /** DUPLICATE, asked of the target: answered with a {@link DuplicatePlan}. */
  | { readonly kind: 'duplicate-plan'; readonly command: DuplicateCommand; readonly environment: RmanEnvironment }
  /** The others of DUPLICATE are for the auxiliary instance, in the order of its work. */
  | { readonly kind: 'adopt-repository'; readonly repository: string; readonly environment: RmanEnvironment }
  | { readonly kind: 'zero-dbid'; readonly environment: RmanEnvironment }
  /** `name: null`: a name of the server's. */
  | { readonly kind: 'name-tempfiles'; readonly tempfiles: readonly (Omit<DuplicateTempfile, 'name'> & { readonly name: string | null })[]; readonly environment: RmanEnvironment }
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
  /** To a `duplicate-plan` request. */
  readonly plan?: DuplicatePlan
}
