const component = '[A-Za-z0-9_][A-Za-z0-9_.:-]*'

/** A dataset with its pool: narrower than ZFS allows, so that no name is an option, a parent directory or a shell word. */
export const datasetPattern: RegExp = new RegExp(`^[A-Za-z][A-Za-z0-9_.:-]*(?:/${component})+$`)

/** Names that this adapter gives to snapshots and clones. */
const safeName = /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/

/** ZFS limits `dataset@snapshot` to 255 bytes. */
export const longestFullName = 255

export function isSafeName(name: string): boolean {
  return safeName.test(name)
}

export function parentOf(dataset: string): string {
  return dataset.slice(0, dataset.lastIndexOf('/'))
}

export function leafOf(dataset: string): string {
  return dataset.slice(dataset.lastIndexOf('/') + 1)
}

export function poolOf(dataset: string): string {
  return dataset.split('/', 1)[0] ?? dataset
}
