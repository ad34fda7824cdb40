import { chmodSync, constants, existsSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownedDirectory } from '@icb/testing'
import type { ProgramUser } from '@icb/testing'

/** A call of a program that waits in front of it. */
export interface DoorCall {
  readonly pid: number
  readonly program: 'rman' | 'sqlplus'
  /** What the product sends on standard input. */
  readonly script: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * What becomes of a call. `script`: it is made with another script. `lost`: made, and its answer thrown away. `cut`: killed on
 * the way. `served`: the program ran elsewhere, this is what it printed.
 */
export type DoorAnswer =
  | { readonly kind: 'served'; readonly output: string; readonly exitCode: number }
  | { readonly kind: 'pass' | 'fail' | 'hang' | 'lost' }
  | { readonly kind: 'late' | 'cut'; readonly ms: number }
  | { readonly kind: 'script'; readonly script: string }

/** The programs of one Oracle home with the harness in front of them. */
export interface Door {
  /** Asked for every call; what it throws is reported by {@link Door.trouble} and the call passes. */
  onCall: (call: DoorCall) => Promise<DoorAnswer> | DoorAnswer
  /** What went wrong in the harness itself. */
  readonly trouble: readonly string[]
  close(): void
}

const shim = (directory: string): string => `#!/bin/sh
# Asks the harness what shall become of this call of the program beside it.
door='${directory}'
me=$$
[ -p "$door/door" ] || exec "$0.lab" "$@"
cat > "$door/$me.in"
# One that was killed before anybody answered may have had this process number.
[ ! -e "$door/$me.answer" ] || rm -f "$door/$me.answer"
mkfifo "$door/$me.answer" || exit 70
printf '%s\\t%s\\t%s\\t%s\\t%s\\n' "$me" "\${0##*/}" "$ORACLE_SID" "$TNS_ADMIN" "$NLS_DATE_FORMAT" > "$door/door"
exec 3< "$door/$me.answer"
read -r action value <&3
case "$action" in
  served) cat <&3; exit "$value" ;;
  fail) echo 'ORA-12541: TNS:no listener'; exit 1 ;;
  hang) exec sleep 900 ;;
  late) sleep "$value" ;;
  lost) "$0.lab" "$@" < "$door/$me.in" > /dev/null 2>&1; kill -9 $$ ;;
  cut) "$0.lab" "$@" < "$door/$me.in" & program=$!; sleep "$value"; kill -9 $program; kill -9 $$ ;;
esac
exec 3<&-
exec "$0.lab" "$@" < "$door/$me.in"
`

/** Puts a shell script in front of \`rman\` and \`sqlplus\` of a home that asks this process before each call. */
export function openDoor(oracleHome: string, directory: string, user: ProgramUser | undefined): Door {
  ownedDirectory(directory, user)
  const fifo = join(directory, 'door')
  execFileSync('mkfifo', ['-m', '666', fifo])
  for (const program of ['rman', 'sqlplus']) {
    const path = join(oracleHome, 'bin', program)
    if (!existsSync(`${path}.lab`)) renameSync(path, `${path}.lab`)
    writeFileSync(path, shim(directory))
    chmodSync(path, 0o755)
  }
  // Open for writing too: the door stays open when a program that asked is gone.
  const descriptor = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  const stream = new Socket({ fd: descriptor, readable: true, writable: false })
  const trouble: string[] = []
  const door: Door & { onCall: Door['onCall'] } = {
    onCall: () => ({ kind: 'pass' }),
    trouble,
    close: () => {
      rmSync(fifo, { force: true })
      stream.destroy()
    },
  }
  const serve = async (line: string): Promise<void> => {
    const [id = '', program = '', ...values] = line.split('\t')
    const env = Object.fromEntries(['ORACLE_SID', 'TNS_ADMIN', 'NLS_DATE_FORMAT'].flatMap((name, index) => (values[index] === undefined || values[index] === '' ? [] : [[name, values[index]]]))) as Record<string, string>
    const call: DoorCall = { pid: Number(id), program: program === 'rman' ? 'rman' : 'sqlplus', script: readFileSync(join(directory, `${id}.in`), 'utf8'), env }
    let answer: DoorAnswer = { kind: 'pass' }
    try {
      answer = await door.onCall(call)
    } catch (error) {
      trouble.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    if (answer.kind === 'script') writeFileSync(join(directory, `${id}.in`), answer.script)
    const value = answer.kind === 'served' ? answer.exitCode : 'ms' in answer ? answer.ms / 1000 : 0
    await reply(join(directory, `${id}.answer`), call.pid, `${answer.kind} ${String(value)}\n${answer.kind === 'served' ? answer.output : ''}`)
    if (answer.kind === 'served') rmSync(join(directory, `${id}.in`), { force: true })
  }
  createInterface({ input: stream }).on('line', (line) => {
    serve(line).catch((error: unknown) => { trouble.push(String(error)) })
  })
  return door
}

/** Answers the one that waits; nobody reads any more where it was killed meanwhile. */
async function reply(fifo: string, pid: number, text: string): Promise<void> {
  const gone = (): boolean => !existsSync(`/proc/${String(pid)}`)
  let descriptor: number | undefined
  try {
    while (descriptor === undefined) {
      try {
        descriptor = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
      } catch (error) {
        // Nobody has opened it for reading yet.
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
        if (gone()) return
        await sleep(1)
      }
    }
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(descriptor, bytes, at)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
        await sleep(1)
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EPIPE') throw error
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
    rmSync(fifo, { force: true })
  }
}
