/** Release numbers as V$INSTANCE.VERSION writes them: `12.1.0.2.0`. */

/** True when `release` is `major.minor` or newer. A text that is no release counts as older than everything. */
export function isAtLeast(release: string, major: number, minor = 0): boolean {
  const [foundMajor = 0, foundMinor = 0] = release.split('.').map((part) => Number.parseInt(part, 10) || 0)
  return foundMajor > major || (foundMajor === major && foundMinor >= minor)
}
