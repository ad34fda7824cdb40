// Run as a program by the tests: makes one snapshot in a process of its own.
// argv: base, database, snapshot name. Prints the snapshot's time.
import { join } from 'node:path'
import { createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import { adapter } from '../src/index.ts'

const [base = '', database = '', name = ''] = process.argv.slice(2)
const storage = await adapter.open(
  { mode: 'copy' },
  {
    database,
    areaPath: join(base, database),
    baseDir: base,
    clock: systemClock,
    logger: silentLogger,
    runProcess: createProcessRunner({ clock: systemClock, logger: silentLogger }),
    resolveSecret: async () => {
      throw new Error('none')
    },
  },
)
process.stdout.write(String((await storage.createSnapshot(name)).createdAt.toMillis()))
