/** `0.4 s`, `12.3 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${String(minutes)} min ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0')} s`
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, '0')} min`
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Sizes for people, 1024-based: `12.3 MB`. */
export function formatBytes(bytes: bigint | number): string {
  let value = Number(bytes)
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`
}
