import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { benchDriverFetch, benchManyDatabases } from '@icb/testing'
import { fleetOfHundred } from './fleet.ts'
import { listings } from './listings.ts'
import { meets, rounded } from './measurement.ts'
import type { Benchmark, Measurement } from './measurement.ts'
import { retentionOfMillion } from './retention.ts'
import { rmanGigabyte } from './rman-memory.ts'
import { startOfProgram } from './start.ts'
import { workflows } from './workflows.ts'

// npm run bench -- [--only <name>]: JSON lines on standard output, a table on standard error.

const benchmarks: Readonly<Record<string, Benchmark>> = { start: startOfProgram, retention: retentionOfMillion, listings, rman: rmanGigabyte, fleet: fleetOfHundred, workflows, driver: benchDriverFetch, databases: benchManyDatabases }
const { values } = parseArgs({ options: { only: { type: 'string' } } })
const chosen = Object.entries(benchmarks).filter(([name]) => values.only === undefined || values.only === name)
const all: Measurement[] = []
console.error(`${String(cpus().length)} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`)
if (chosen.length === 0) console.error(`benchmarks: ${Object.keys(benchmarks).join(', ')}`)
for (const [name, benchmark] of chosen) {
  console.error(`measuring ${name} …`)
  for (const measurement of await benchmark()) {
    all.push(measurement)
    console.log(JSON.stringify({ ...measurement, value: rounded(measurement.value), ok: meets(measurement) }))
  }
}
const width = Math.max(...all.map(({ name }) => name.length))
for (const measurement of all) {
  const { name, value, unit, goal } = measurement
  console.error(`${meets(measurement) ? '✓' : '✗'} ${name.padEnd(width)} ${String(rounded(value)).padStart(9)} ${unit.padEnd(6)} ${goal === undefined ? '' : `goal ${String(goal)}`}`.trimEnd())
}
process.exitCode = all.length > 0 && all.every(meets) ? 0 : 1
