import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { stateDirectory } from '@icb/fleet'
import { createEvidence, createEvidenceKey, evidenceKeyId } from '@icb/ledger'
import { createFileOnce, isoNow, writeFileDurably } from '@icb/runtime'
import type { AppContext } from '../app-context.ts'
import { list, text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { ledgerOf } from './ledger-list.command.ts'

function instantOf(options: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const given = text(options, name)
  if (given === undefined) return undefined
  const at = Date.parse(given)
  if (Number.isNaN(at)) throw usageErrors.ARGUMENT(`--${name} ${given} is no date`, { hint: 'Write 2026-01-31 or 2026-01-31T10:00:00Z.' })
  return new Date(at).toISOString()
}

/** The signing key: the one that was named, else this host's own, which is made at the first export. Only its owner may read it. */
async function signingKey(app: AppContext, named: string | undefined): Promise<{ readonly pem: string; readonly path: string; readonly created: boolean }> {
  if (named !== undefined) return { pem: await readFile(resolve(named), 'utf8'), path: resolve(named), created: false }
  const path = join(stateDirectory(await app.config(), app.fleet), 'evidence-key.pem')
  const key = createEvidenceKey()
  await mkdir(dirname(path), { recursive: true })
  const created = await createFileOnce(path, key.privateKey, { mode: 0o600 })
  if (created) {
    await chmod(path, 0o600)
    await writeFile(join(dirname(path), 'evidence-key.pub.pem'), key.publicKey, { mode: 0o644 })
  }
  return { pem: await readFile(path, 'utf8'), path, created }
}

/** `icb ledger export <file>`: all verdicts of a time and what they add up to, signed, for an auditor. */
export const ledgerExport: CommandAction = async (app, [file = ''], options) => {
  const from = instantOf(options, 'since')
  const to = instantOf(options, 'until')
  const databases = list(options, 'database')
  const rows = (await (await ledgerOf(app)).list(from === undefined ? {} : { since: from })).filter((row) => (to === undefined || row.startedAt < to) && (databases.length === 0 || databases.includes(row.database)))
  const key = await signingKey(app, text(options, 'key'))
  const evidence = createEvidence({ exportedAt: isoNow(app.clock), tool: app.fleet.tool, host: app.fleet.host.hostname, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), entries: rows }, key.pem)
  const path = resolve(file)
  await writeFileDurably(path, evidence)
  const { signature } = JSON.parse(evidence) as { signature: { publicKey: string } }
  const keyId = evidenceKeyId(signature.publicKey)
  if (key.created) app.print(`made the signing key ${key.path}; give its public half (evidence-key.pub.pem) to whoever verifies`)
  app.print(`${String(rows.length)} restore tests in ${path}, signed by key ${keyId.slice(0, 16)}`)
  return { schema: 'ledger-export/1', result: { file: path, entries: rows.length, keyId, key: key.path } }
}
