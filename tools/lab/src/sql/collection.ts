/** A collection of PL/SQL, which several rows of RETURNING are too; keys in their order. */
export class Collection<V> {
  readonly elements: Map<number | string, V>

  constructor(elements: Iterable<readonly [number | string, V]> = []) {
    this.elements = new Map(elements)
  }

  keys(): (number | string)[] {
    return [...this.elements.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  }
}
