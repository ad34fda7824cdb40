import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseMountTable } from './mount-table.ts'

it('reads escaped names, roots and both kinds of read only', () => {
  const text = [
    '1 2 8:1 / /mnt/with\\040space ro,nosuid - ext4 /dev/sda1 rw',
    '36 35 0:42 /export/orcl /mnt/orcl rw,relatime shared:1 - nfs 10.0.0.1:/export/orcl rw,vers=3',
    '37 35 0:43 / /mnt/snap rw - nfs filer:/snap ro',
    'rubbish',
    '',
  ].join('\n')
  expect(parseMountTable(text)).toEqual([
    { mountPoint: '/mnt/with space', root: '/', type: 'ext4', source: '/dev/sda1', writable: false },
    { mountPoint: '/mnt/orcl', root: '/export/orcl', type: 'nfs', source: '10.0.0.1:/export/orcl', writable: true },
    { mountPoint: '/mnt/snap', root: '/', type: 'nfs', source: 'filer:/snap', writable: false },
  ])
})

it('skips whatever is no mount', () => {
  fc.assert(fc.property(fc.string(), (text) => { parseMountTable(text) }))
})
