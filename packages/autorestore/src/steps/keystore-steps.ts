import type { TypedQuery } from '@icb/oracle'
import { hasErrorCode, isIcbError } from '@icb/runtime'
import type { Step } from '@icb/runtime'
import { finding } from '../findings.ts'
import { manifestOf } from '../restore-run.ts'
import type { RecoveryRun } from '../restore-run.ts'

const wallets: TypedQuery<{ readonly status: 'text' }> = { name: 'v$encryption_wallet', sql: 'select status from v$encryption_wallet', columns: { status: 'text' } }

async function openWith(run: RecoveryRun, signal: AbortSignal, everywhere: boolean): Promise<void> {
  const password = await run.deps.settings.tde?.password?.(signal)
  if (password === undefined) return
  const text = password.reveal()
  if (/["\r\n]/.test(text)) throw finding('SANDBOX_FAILED', 'the password of the keystore has a character that Oracle cannot be told (a quotation mark or a line break)')
  try {
    await run.oracle.sql.execute([`administer key management set keystore open identified by "${text}"${everywhere ? ' container = all' : ''}`], { signal })
  } catch (error) {
    const codes: unknown = isIcbError(error) ? error.details['codes'] : undefined
    // ORA-28354: it is open.
    if (hasErrorCode(error, 'ICB_ORACLE_SQL') && Array.isArray(codes) && codes.length === 1 && codes[0] === 'ORA-28354') return
    throw error
  }
}

/** Redo of encrypted tablespaces cannot be applied before this. A host that lacks the keystore says nothing about the point. */
export const openKeystore: Step<RecoveryRun> = {
  name: 'open-keystore',
  title: 'Open the keystore',
  changes: false,
  async run(run, step) {
    const { tde } = run.deps.settings
    if (tde === undefined) {
      step.summary('none is configured')
      return
    }
    const isOpen = async (): Promise<boolean> => (await run.oracle.sql.query(wallets, { signal: step.signal })).some(({ status }) => status?.startsWith('OPEN') === true)
    if (await isOpen()) {
      step.summary('it opened by itself')
      return
    }
    if (tde.password === undefined) throw finding('SANDBOX_FAILED', `the keystore in ${tde.walletRoot} did not open by itself: put cwallet.sso into its directory tde, or set tdepassword (restoreTest.tdePassword)`)
    await openWith(run, step.signal, false)
    if (!(await isOpen())) throw finding('SANDBOX_FAILED', `the keystore in ${tde.walletRoot} is not open`)
    step.summary('opened with its password')
  },
}

/** The keystores of pluggable databases open one by one, after the databases. */
export const openKeystoreOfPluggables: Step<RecoveryRun> = {
  name: 'open-keystore-of-pluggables',
  title: 'Open the keystore in pluggable databases',
  changes: false,
  async run(run, step) {
    if (run.deps.settings.tde?.password === undefined || !manifestOf(run).database.cdb) {
      step.summary('not needed')
      return
    }
    await openWith(run, step.signal, true)
    step.summary('opened')
  },
}
