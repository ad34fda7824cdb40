import { isIcbError, redact } from '@icb/runtime'
import type { ProcessResult, ProcessRunner, ProcessSpec } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import { failureOf } from './zfs-errors.ts'
import type { ZfsFailure } from './zfs-errors.ts'
import type { OpenZfsOptions } from './options.ts'
import { commandLine } from './quoting.ts'

/** What one run of `zfs` answered; `failure` is absent after exit code 0. */
export interface ZfsAnswer {
  readonly lines: readonly string[]
  readonly failure?: ZfsFailure
}

/** Runs `zfs` with these arguments. @throws ICB_STORAGE_UNREACHABLE, AUTH, TLS, UNSUPPORTED when zfs did not run; the signal's reason when aborted */
export type RunZfs = (args: readonly string[], signal?: AbortSignal) => Promise<ZfsAnswer>

const searchPath = '/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin:/usr/local/bin'
/** Enough for a hundred thousand properties of snapshots; a runaway listing stops there. */
const mostLines = 5_000_000

/** `zfs` on this host or, through ssh, on another one. */
export function createZfsCommand(options: OpenZfsOptions, runProcess: ProcessRunner): RunZfs {
  const program = [...(options.sudo === true ? ['sudo', '-n'] : []), options.zfs ?? 'zfs']
  const deadlineMs = (options.timeoutSeconds ?? 300) * 1000
  const { host } = options
  const where = host ?? 'this host'

  const specOf = (args: readonly string[]): Pick<ProcessSpec, 'file' | 'args'> => {
    const words = [...program, ...args]
    if (host === undefined) return { file: words[0] ?? 'zfs', args: words.slice(1) }
    return { file: options.ssh ?? 'ssh', args: [...sshArguments(options, host), commandLine(['env', 'LC_ALL=C', 'TZ=UTC', `PATH=${searchPath}`, ...words])] }
  }

  return async (args, signal) => {
    signal?.throwIfAborted()
    const lines: string[] = []
    const complaints: string[] = []
    let result: ProcessResult
    try {
      result = await runProcess(
        {
          ...specOf(args),
          env: { PATH: searchPath, LC_ALL: 'C', LANG: 'C', TZ: 'UTC' },
          deadlineMs,
          keepLines: 1,
          onLine: (line, stream) => {
            if (stream === 'stderr') {
              // The reason comes first; a wrong option is followed by pages of usage.
              if (complaints.length < 20 && !/^usage:/.test(line)) complaints.push(line)
            } else if (lines.length < mostLines) lines.push(line)
            else throw storageErrors.PROTOCOL('zfs printed more than five million lines')
          },
        },
        { signal },
      )
    } catch (error) {
      if (isIcbError(error) && error.code === 'ICB_PROCESS_START') {
        throw storageErrors.UNSUPPORTED(`cannot run ${host === undefined ? program.join(' ') : 'ssh'} on this host: ${error.message}`, { hint: host === undefined ? 'Install OpenZFS, or set "zfs" to its path, or "host" to the ZFS server.' : 'Install the OpenSSH client.', cause: error })
      }
      throw error
    }
    signal?.throwIfAborted()
    const text = redact(complaints.join('\n'))
    if (result.timedOut) throw storageErrors.UNREACHABLE(`zfs ${args[0] ?? ''} on ${where} did not end within ${deadlineMs / 1000} s`, { details: { stderr: text } })
    if (result.exitCode === 0) return { lines }
    if (host !== undefined && result.exitCode === 255) throw sshFailure(where, text)
    if (result.exitCode === null) throw storageErrors.UNREACHABLE(`zfs ${args[0] ?? ''} on ${where} was ended by ${String(result.signal)}`, { details: { stderr: text } })
    if (/must be superuser|permission denied|not permitted|password is required|no tty present|not allowed to (?:execute|run)|not in the sudoers/i.test(text)) {
      throw storageErrors.AUTH(`zfs ${args[0] ?? ''} on ${where} was refused: ${text}`, { hint: 'Delegate the rights (zfs allow) or set "sudo: true" with a sudoers rule; see docs/storage/openzfs.md.' })
    }
    if (result.exitCode === 127) throw storageErrors.UNSUPPORTED(`there is no ${program.join(' ')} on ${where}: ${text}`, { hint: 'Set "zfs" to the path of the program.' })
    return { lines, failure: failureOf(result.exitCode, text) }
  }
}

function sshArguments({ user, port, identityFile, knownHostsFile, sshOptions = [] }: OpenZfsOptions, host: string): string[] {
  const settings = [
    // Never a question, never an unknown server.
    'BatchMode=yes', 'StrictHostKeyChecking=yes', 'ConnectTimeout=10', 'ServerAliveInterval=15', 'ServerAliveCountMax=4',
    ...(knownHostsFile === undefined ? [] : [`UserKnownHostsFile=${knownHostsFile}`]),
    ...sshOptions,
  ]
  return [
    '-T', '-n', ...settings.flatMap((setting) => ['-o', setting]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
    '--', user === undefined ? host : `${user}@${host}`,
  ]
}

/** 255 is ssh's own failure: nothing is known about the remote command. */
function sshFailure(where: string, text: string): Error {
  if (/host key verification failed|remote host identification has changed/i.test(text)) return storageErrors.TLS(`the host key of ${where} is not the known one: ${text}`, { hint: 'Compare the key with the server and correct known_hosts.' })
  if (/permission denied/i.test(text)) return storageErrors.AUTH(`${where} refused the ssh login: ${text}`, { hint: 'Install the public key for the service user.' })
  return storageErrors.UNREACHABLE(`ssh to ${where} failed: ${text}`, { hint: 'Try ssh by hand as the same user.' })
}
