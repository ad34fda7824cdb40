import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { verifyEvidence } from '@icb/ledger'
import { text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { renderTable } from '../table.ts'

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(resolve(path), 'utf8')
  } catch (error) {
    throw usageErrors.ARGUMENT(`${path} cannot be read: ${(error as Error).message}`)
  }
}

/** `icb ledger verify <file>`: needs nothing but the file, and the signer's public key to know who signed. Exit code 1 when it does not hold. */
export const ledgerVerify: CommandAction = async (app, [file = ''], options) => {
  const keyFile = text(options, 'publicKey')
  const check = verifyEvidence(await contentOf(file), keyFile === undefined ? {} : { publicKeyPem: await contentOf(keyFile) })
  if (check.ok && !check.knownKey) app.warn('ICB_LEDGER_UNKNOWN_KEY', `anybody could have signed this with a key of his own; compare with --public-key (this one is ${check.keyId ?? 'unknown'})`)
  for (const problem of check.problems) app.print(`✗ ${problem}`)
  if (check.ok && check.body !== undefined) {
    const { body } = check
    app.print(`✓ unchanged since it was signed by ${body.tool} on ${body.host} at ${body.exportedAt}, key ${(check.keyId ?? '').slice(0, 16)}`)
    const rows = body.databases.map((each) => [each.database, String(each.tests), String(each.passed), String(each.failed), String(each.inconclusive), each.lastProvenAt?.slice(0, 16) ?? 'never', each.restoreSeconds === undefined ? '' : String(each.restoreSeconds.worst)])
    for (const line of renderTable(['DATABASE', 'TESTS', 'PASSED', 'FAILED', 'INCONCLUSIVE', 'LAST PROOF (UTC)', 'WORST RTO (s)'], rows)) app.print(line)
  }
  const { body, ...rest } = check
  return { schema: 'ledger-verify/1', result: { ...rest, ...(body === undefined ? {} : { exportedAt: body.exportedAt, host: body.host, databases: body.databases, entries: body.entries.length }) }, exitCode: check.ok ? 0 : 1 }
}
