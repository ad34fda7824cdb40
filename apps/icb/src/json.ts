/** JSON of results: bigints as decimal strings, luxon times as ISO UTC, maps as objects. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, replacer, indent)
}

function replacer(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>)
  if (value instanceof Error) return { message: value.message, ...('code' in value ? { code: value.code } : {}) }
  return value
}
