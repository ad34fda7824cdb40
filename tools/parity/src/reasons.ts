/** Rows that no test shows, each with the reason. Whoever adds one gives the truth; whoever builds what is missing takes it out. */
export const reasons: Readonly<Record<string, string>> = {}

/** What the tests of a row do not show. */
export const remarks: Readonly<Record<string, string>> = {
  H29: 'a point between two runs is made on demand (`icb snapshot create`), not by itself after each refresh',
}
