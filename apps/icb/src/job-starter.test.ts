import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compareJobStarter, jobStarterText, writeJobStarter } from './job-starter.ts'

describe('a starter', () => {
  const directory = mkdtempSync(join(tmpdir(), 'icb-starter-'))
  afterAll(() => { rmSync(directory, { recursive: true, force: true }) })
  const shown = join(directory, "it's shown")
  writeFileSync(shown, '#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done\necho "$PWD $HOME $ORACLE_HOME"\n', { mode: 0o755 })
  const text = jobStarterText({ program: [shown], configPath: '/etc/icb/my file.yaml', env: { ORACLE_HOME: '/u01/home $1' } })

  it('starts in an empty environment, with words as they are', async () => {
    const path = join(directory, 'bin', 'starter')
    expect(await compareJobStarter(path, text)).toBe('create')
    await writeJobStarter(path, text)
    expect(await compareJobStarter(path, text)).toBe('none')
    expect(await compareJobStarter(path, `${text}# more\n`)).toBe('change')
    const home = execFileSync('/bin/sh', ['-c', 'getent passwd "$(id -u)" | cut -d: -f6'], { encoding: 'utf8' }).trim()
    const output = execFileSync(path, ['backup', 'a b'], { env: {}, cwd: '/', encoding: 'utf8' })
    expect(output).toBe(`[--config]\n[/etc/icb/my file.yaml]\n[--quiet]\n[backup]\n[a b]\n/ ${home} /u01/home $1\n`)
  })

  it('never replaces what somebody else wrote', async () => {
    await expect(compareJobStarter(shown, text)).rejects.toMatchObject({ code: 'ICB_USAGE_ARGUMENT', hint: expect.stringContaining('--starter') as unknown })
  })
})
