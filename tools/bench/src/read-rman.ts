import { createRman } from '@icb/rman'
import { cpuWatch } from './measurement.ts'
import { createProcessRunner, silentLogger, systemClock } from '@icb/runtime'

// The process whose memory is measured.

let lines = 0
const runProcess = createProcessRunner({ clock: systemClock, logger: silentLogger })
const watch = cpuWatch()
const rman = createRman({ oracleHome: process.argv[2] ?? '', connect: '/@orcl', env: { PATH: '/usr/bin:/bin' }, runProcess, logger: silentLogger })
const result = await rman.run({ script: 'restore database;', commandId: 'aabbccdd-m1', deadlineMs: 3_600_000, onEvent: () => { lines += 1 } })
if (!result.ok) throw new Error(`RMAN did not end well: ${result.tail.slice(-3).join(' ')}`)
process.stdout.write(JSON.stringify({ peakKilobytes: process.resourceUsage().maxRSS, seconds: watch(), lines }))
