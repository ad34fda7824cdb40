import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { renderMountHelper, sudoersLine } from './mount-helper.ts'
import type { MountHelperPolicy } from './mount-helper.ts'

const policy: MountHelperPolicy = { databases: ['orcl'], mountPoints: ['/restore/icb01'], exports: ['filer:/'], live: ['filer:/orcl'], options: 'rw,bg' }

it('is a shell script, and the same policy gives the same one', () => {
  const text = renderMountHelper(policy)
  expect(spawnSync('sh', ['-n'], { input: text }).status).toBe(0)
  expect(renderMountHelper({ ...policy, databases: ['orcl', 'orcl'] })).toBe(text)
  expect(text).toContain("exports='\nfiler:\n'")
})

it.each<[string, Partial<MountHelperPolicy>]>([
  ['a quote in a database name', { databases: ["o'rcl"] }],
  ['a blank in a mount point', { mountPoints: ['/re store'] }],
  ['a mount point with ..', { mountPoints: ['/restore/..'] }],
  ['the root as mount point', { mountPoints: ['/'] }],
  ['no mount point', { mountPoints: [] }],
  ['a relative export', { exports: ['filer:export'] }],
  ['a line end in an export', { exports: ['filer:/a\nfiler:/b'] }],
  ['an option with a quote', { options: "rw,x='" }],
])('is not written with %s', (_, changed) => {
  expect(() => renderMountHelper({ ...policy, ...changed })).toThrow(/mount helper cannot be written/)
})

it('is named in sudoers for one user', () => {
  expect(sudoersLine('oracle')).toBe('oracle ALL=(root) NOPASSWD: /usr/local/sbin/icb-mount')
  expect(() => sudoersLine('ALL')).toThrow(/user/)
  expect(() => sudoersLine('oracle', '/bin/x y')).toThrow(/path/)
})
