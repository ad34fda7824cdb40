import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isWorkingCronLine, readCronLines } from '../src/index.ts'
import type { CronFindings } from '../src/index.ts'

let root: string
let scripts: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'icb-cron-'))
  scripts = join(root, 'oracle-imagecopy-backup')
  await mkdir(scripts)
  await mkdir(join(root, 'bin'))
  await mkdir(join(root, 'cron.d'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** A `crontab` that lists this, or says and does what cron's own does. */
async function crontab(text: string | undefined, { exitCode = text === undefined ? 1 : 0, said = 'no crontab for oracle' } = {}): Promise<void> {
  await writeFile(join(root, 'table'), text ?? '')
  await writeFile(join(root, 'bin', 'crontab'), `#!/bin/sh\n[ "$*" = -l ] || exit 64\n${exitCode === 0 ? `cat ${join(root, 'table')}` : `echo '${said}' >&2; exit ${String(exitCode)}`}\n`)
  await chmod(join(root, 'bin', 'crontab'), 0o755)
}

const find = (directory = scripts, path = `${join(root, 'bin')}:/usr/bin:/bin`): Promise<CronFindings> =>
  readCronLines({ directory, runProcess: createProcessRunner({ clock: systemClock, logger: silentLogger }), env: { PATH: path, HOME: root }, tables: [join(root, 'crontab'), join(root, 'cron.d'), join(root, 'missing')] })

it('lines of this user\'s table that call programs in the directory, by whatever way they name it; passwords are not shown', async () => {
  await crontab(`# backups\n#0 1 * * * ${scripts}/backup.py orcl config\nSCRIPTS="${scripts}"\n0 2 * * * OSPASSWORD=tiger ${scripts}/backup.py orcl imagecopywithsnap >/dev/null\n10 2 * * * cd $SCRIPTS && ./exec_all.py missingarchlog\n20 2 * * * ~/oracle-imagecopy-backup/report.py\n30 2 * * * ${scripts}-old/backup.py orcl config\n40 2 * * * find ${scripts} -name '*.pyc' -delete\n50 2 * * * /opt/other/backup.py\n`)
  const { lines, problems } = await find()
  expect(problems).toEqual([])
  expect(lines.map(({ line, programs, certain }) => [line, programs, certain])).toEqual([[4, ['backup'], true], [5, ['exec_all'], true], [6, ['report'], true], [7, ['backup'], false], [8, [], true], [9, ['backup'], false]])
  expect(lines[0]?.text).toBe(`0 2 * * * OSPASSWORD=*** ${scripts}/backup.py orcl imagecopywithsnap >/dev/null`)
  expect(JSON.stringify(lines)).not.toContain('tiger')
  // A report reads only, another program of that name is another's business.
  expect(lines.filter(isWorkingCronLine).map(({ line }) => line)).toEqual([4, 5])
})

it('lines of the system\'s tables, through a link to the directory and through a script of one\'s own', async () => {
  await crontab(undefined)
  await symlink(scripts, join(root, 'current'))
  await writeFile(join(root, 'nightly.sh'), `#!/bin/sh\n# see ${scripts}/report.py\ncd ${scripts} || exit 1\n./backup.py orcl imagecopywithsnap\n`)
  await writeFile(join(root, 'crontab'), `0 3 * * * oracle ${scripts}/zsnapper.py orcl clean\n`)
  await writeFile(join(root, 'cron.d', 'backup'), `0 4 * * * oracle ${join(root, 'nightly.sh')}\n5 4 * * * oracle /bin/true\n`)
  const { lines } = await find(join(root, 'current'))
  expect(lines.map(({ source, programs, certain, through }) => ({ source, programs, certain, through }))).toEqual([
    { source: join(root, 'crontab'), programs: ['zsnapper'], certain: true, through: undefined },
    { source: join(root, 'cron.d', 'backup'), programs: ['backup'], certain: true, through: join(root, 'nightly.sh') },
  ])
})

it('no table and no cron are nothing; a table that may not be read is told', async () => {
  await crontab(undefined)
  expect(await find()).toEqual({ lines: [], problems: [] })
  await rm(join(root, 'bin', 'crontab'))
  expect(await find(scripts, join(root, 'bin'))).toEqual({ lines: [], problems: [] })
  await crontab(undefined, { said: 'You (oracle) are not allowed to use this program (crontab)' })
  expect((await find()).problems).toEqual([expect.stringContaining('not allowed')])
  await crontab(undefined)
  await symlink('crontab', join(root, 'crontab'))
  await symlink('loop', join(root, 'cron.d', 'loop'))
  await writeFile(join(root, 'cron.d', 'backup'), `0 4 * * * oracle ${scripts}/backup.py orcl imagecopywithsnap\n`)
  const { lines, problems } = await find()
  expect(problems).toEqual([`${join(root, 'crontab')} cannot be read (ELOOP): lines of cron in it are not looked at`, `${join(root, 'cron.d', 'loop')} cannot be read (ELOOP): lines of cron in it are not looked at`])
  expect(lines.map(({ source }) => source)).toEqual([join(root, 'cron.d', 'backup')])
})
