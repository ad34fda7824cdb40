import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { flipBlock } from '../src/cli/flip-block.ts'
import { checkHistory } from '../src/cli/history-check.ts'
import type { LabInstance } from '../src/engine/instance.ts'
import { type BackedUpLab, backedUpLab } from './support/backed-up-lab.ts'
import { codesOf } from './support/lab.ts'
import { codesIn } from './support/rman.ts'

let lab: BackedUpLab
afterEach(async () => { await lab.remove() })

const text = (n: number): string => `${String(n)} ${'x'.repeat(1500)}`
const rows = (from: number, count: number): (readonly [number, string])[] => Array.from({ length: count }, (_, i) => [from + i, text(from + i)])
const fileOf = (instance: LabInstance): string => instance.controlFile.datafiles.find((file) => file.tablespace === 'WIDE')?.name ?? ''

describe('a tablespace with blocks of 16K', () => {
  beforeEach(async () => {
    lab = await backedUpLab({ release: '19.0.0.0.0' })
    expect(await codesOf(lab.sql('create tablespace wide datafile size 1m blocksize 16K'))).toEqual(['ORA-29339'])
    expect(await codesOf(lab.sql('create tablespace wide datafile size 1m blocksize 5000'))).toEqual(['ORA-25157'])
    await lab.sql("alter system set db_16k_cache_size = 16m scope=both sid='*'")
    await lab.sql('create tablespace wide datafile size 1m blocksize 16K extent management local autoallocate')
    await lab.sql('create table broad (n number, v varchar2(4000)) tablespace wide')
    await lab.db.insertRows('SYS', 'BROAD', rows(1, 40))
    await lab.db.checkpoint()
  })

  it('has them in its datafile, each at its place, with more rows than a block of 8K takes', async () => {
    expect(await lab.sql("select block_size, blocks, bytes from v$datafile where name like '%_wide_%'")).toEqual([['16384', '64', '1048576']])
    expect(await lab.sql("select block_size from dba_tablespaces where tablespace_name = 'WIDE'")).toEqual([['16384']])
    const [[bytes, blocks] = []] = await lab.sql("select bytes, blocks from dba_segments where segment_name = 'BROAD'")
    expect(Number(bytes)).toBe(Number(blocks) * 16384)
    // 40 rows of 1500 bytes: blocks of 8K take five each, these take ten.
    expect(Number(blocks)).toBeLessThanOrEqual(5)
    const content = await readFile(lab.lab.host.real(fileOf(lab.db)))
    expect(content.length).toBe(65 * 16384)
    for (let block = 2; block <= 64; block += 1) expect(content.readUInt32LE(block * 16384 + 4)).toBe(block)
    await lab.db.shutdown('abort')
    expect(await lab.sql('select count(*), sum(length(v)) from broad', await lab.lab.open())).toEqual([['40', String(rows(1, 40).reduce((sum, [, v]) => sum + v.length, 0))]])
  }, 60_000)

  it('is copied, merged and recovered in its own size, where there are buffers for it', async () => {
    await lab.backup()
    await lab.db.insertRows('SYS', 'BROAD', rows(41, 20))
    await lab.backup()
    await lab.db.updateRows('SYS', 'BROAD', (row) => (row[0] === 7 ? [7, 'changed'] : undefined))
    await lab.db.insertRows('SYS', 'BROAD', rows(61, 20))
    const target = await lab.point()
    const recover = `RECOVER DATABASE UNTIL SCN ${String(target + 1n)};\n`
    const without = await lab.restored()
    expect(await lab.sql("select distinct c.block_size from v$datafile_copy c join v$datafile d on d.file# = c.file# where d.name like '%_wide_%'")).toEqual([['16384']])
    expect(codesIn(await lab.rman(recover, without.copy))).toEqual(expect.arrayContaining(['ORA-00283', 'ORA-00379']))

    const withIt = await lab.restored({ parameters: { db_16k_cache_size: '16M' } })
    expect(codesIn(await lab.rman(recover, withIt.copy))).toEqual([])
    await withIt.copy.open({ mode: 'READ ONLY' })
    expect(await lab.sql('select count(*) from broad', withIt.copy)).toEqual([['80']])
    expect(await lab.sql('select v from broad where n = 7', withIt.copy)).toEqual([['changed']])
    expect((await checkHistory(fileOf(withIt.copy), lab.lab.dir, target)).differences).toEqual([])
    expect(await lab.rman('BACKUP VALIDATE CHECK LOGICAL DATABASE;\n', withIt.copy)).not.toContain('FAILED')
    await flipBlock(fileOf(withIt.copy), { seed: 3, labDir: undefined })
    expect(await lab.rman('BACKUP VALIDATE CHECK LOGICAL DATABASE;\n', withIt.copy)).toContain('FAILED')
  }, 60_000)
})
