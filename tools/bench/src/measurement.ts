/** One figure. `goal` is the most it may be; absent: it is only shown. */
export interface Measurement {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly goal?: number
}

export type Benchmark = () => Promise<readonly Measurement[]>

/** Whether the goal is met; without one it is. */
export function meets({ value, goal }: Measurement): boolean {
  return goal === undefined || value <= goal
}

/** Starts a stopwatch of this process's own work, in seconds: a pure computation takes that long where nobody else works. */
export function cpuWatch(): () => number {
  const begun = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1e6
  }
}

/** Three digits are as much as a measurement on a shared machine can say. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
