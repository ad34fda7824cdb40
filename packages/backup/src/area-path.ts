import { join } from 'node:path'

/** Whether `path`, as the database writes it, lies below `directory`. Text only: the database may be on another host. */
export function below(directory: string, path: string): boolean {
  return path.startsWith(withSlash(directory))
}

/** `path` relative to `directory`; the path itself when it lies elsewhere. */
export function relativeTo(directory: string, path: string): string {
  return below(directory, path) ? path.slice(withSlash(directory).length) : path
}

/** The directory with exactly one slash at its end, as Oracle's LOCATION and file name comparisons want it. */
export function withSlash(directory: string): string {
  return `${directory.replace(/\/+$/, '')}/`
}

/** Where archived logs land, with the slash. */
export function archivelogDirectory(areaPath: string): string {
  return withSlash(join(areaPath, 'archivelog'))
}
