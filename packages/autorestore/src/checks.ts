import { lstat, readFile, stat } from 'node:fs/promises'
import type { Check, CheckResult, ProcessRunner } from '@icb/runtime'
import type { HostView } from './host-view.ts'
import { defaultMountHelper } from './mount-helper.ts'
import { checkSandbox } from './sandbox.ts'
import type { RestoreTestSettings } from './settings.ts'
import { settingsOfSlot } from './slots.ts'

export interface AutorestoreCheckDependencies {
  readonly settings: RestoreTestSettings
  readonly host: HostView
  /** Text of the table of file systems; default: `/etc/fstab`. */
  readonly fstab?: string
  /** Asks the mount helper; needed where `settings.mount` is `sudo`. */
  readonly runProcess?: ProcessRunner
}

interface FstabLine {
  readonly source: string
  readonly mountPoint: string
  readonly options: readonly string[]
}

/** Lines of /etc/fstab (fstab(5)); blanks are written as octal. */
export function parseFstab(text: string): readonly FstabLine[] {
  const plain = (field: string): string => field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
  return text.split('\n').flatMap((line) => {
    const [source, mountPoint, type, options] = line.trim().split(/\s+/)
    return source === undefined || source === '' || source.startsWith('#') || mountPoint === undefined || type === undefined ? [] : [{ source: plain(source), mountPoint: plain(mountPoint).replace(/(?<=.)\/+$/, ''), options: (options ?? '').split(',') }]
  })
}

/** Whether one slot's clone can be mounted by the user of the tests, without root. */
function judgeEntry(lines: readonly FstabLine[], { mountPoint = '', cloneName = '' }: Pick<RestoreTestSettings, 'mountPoint' | 'cloneName'>): CheckResult {
  const example = `<server>:<path of the clones>/${cloneName} ${mountPoint} nfs rw,fg,soft,nointr,rsize=32768,wsize=32768,tcp,vers=3,timeo=600,noauto,user 0 0`
  const line = lines.findLast((entry) => entry.mountPoint === mountPoint)
  const failed = (summary: string, advice: string): CheckResult => ({ status: 'failed', summary, advice, remedy: 'fix' })
  if (line === undefined) return failed(`/etc/fstab has no line for ${mountPoint}`, `Add one like: ${example}`)
  if (cloneName !== '' && !line.source.endsWith(`/${cloneName}`)) return failed(`the line for ${mountPoint} names ${line.source}, not the clone ${cloneName}`, `Let it end with /${cloneName}, or change the name of the clone.`)
  const missing = ['noauto', 'user'].filter((option) => !line.options.includes(option) && !(option === 'user' && line.options.includes('users')))
  if (missing.length > 0) return failed(`the line for ${mountPoint} lacks ${missing.join(' and ')}: this user could not mount it`, `Write the options as in: ${example}`)
  if (line.options.includes('ro')) return failed(`the line for ${mountPoint} is read only: recovery writes into the clone`, 'Write rw.')
  if (line.options.includes('bg')) return { status: 'warning', summary: `the line for ${mountPoint} mounts in the background: a test could begin before its clone is there`, advice: 'Write fg.', remedy: 'fix' }
  return { status: 'ok', summary: `${line.source} at ${mountPoint}` }
}

/** The helper belongs to root, and this user may start it; what it says of each slot's mount point is its own answer. */
async function judgeHelper(helper: string, mountPoint: string, runProcess: ProcessRunner, signal: AbortSignal): Promise<CheckResult> {
  const failed = (summary: string, advice: string): CheckResult => ({ status: 'failed', summary, advice, remedy: 'fix' })
  const install = 'icb sandbox mount-helper writes it, and its line in sudoers'
  const facts = await lstat(helper).catch(() => undefined)
  if (facts === undefined) return failed(`there is no mount helper ${helper}`, `${install}.`)
  if (!facts.isFile() || facts.uid !== 0 || (facts.mode & 0o022) !== 0) return failed(`the mount helper ${helper} can be changed by others than root`, `chown root:root ${helper} && chmod 0755 ${helper}`)
  const answer = await runProcess({ file: 'sudo', args: ['-n', '--', helper, 'check', mountPoint], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' }, deadlineMs: 30_000 }, { signal })
  if (answer.exitCode === 0) return { status: 'ok', summary: `${helper} mounts at ${mountPoint}` }
  return failed(`${helper} does not mount at ${mountPoint}: ${answer.tail.join(' ')}`, `${install}: write them again after a change of slots, and make mount points that root owns.`)
}

/** Questions for `doctor` about the sandbox of restore tests: the scratch directory, and what mounts the clone of each slot: its line in fstab, or the mount helper. */
export function checks({ settings, host, fstab, runProcess }: AutorestoreCheckDependencies): readonly Check[] {
  const scratch: Check = { id: 'sandbox.scratch', title: 'scratch directory of restore tests', run: () => checkSandbox(settings.scratch, host, { keepAway: [settings.areaPath] }) }
  if (settings.mount === 'sudo' && runProcess !== undefined) {
    return [scratch, ...settings.slots.map((sid): Check => ({
      id: `sandbox.mount-helper.${sid.toLowerCase()}`,
      title: `mount helper for slot ${sid}`,
      run: ({ signal }) => judgeHelper(settings.mountHelper ?? defaultMountHelper, settingsOfSlot(settings, sid).mountPoint ?? '', runProcess, signal),
    }))]
  }
  if (settings.mount !== 'fstab') return [scratch]
  return [
    scratch,
    ...settings.slots.map((sid): Check => ({
      id: `sandbox.fstab.${sid.toLowerCase()}`,
      title: `mount point of slot ${sid}`,
      run: async () => {
        const own = settingsOfSlot(settings, sid)
        const found = judgeEntry(parseFstab(fstab ?? (await readFile('/etc/fstab', 'utf8').catch(() => ''))), own)
        if (found.status !== 'ok' || own.mountPoint === undefined) return found
        const there = await stat(own.mountPoint).then((facts) => facts.isDirectory(), () => false)
        return there ? found : { status: 'failed', summary: `${own.mountPoint} is no directory`, advice: `mkdir -p ${own.mountPoint}`, remedy: 'fix' }
      },
    })),
  ]
}
