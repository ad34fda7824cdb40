/** Rows that no test shows, each with the reason. Whoever adds one gives the truth; whoever builds what is missing takes it out. */
export const reasons: Readonly<Record<string, string>> = {}

/** What the tests of a row do not show. */
export const remarks: Readonly<Record<string, string>> = {
  'M:rac-asm-cdb': 'no ASM instance is simulated: names of disk groups are shown to the guards only',
  H29: 'a point between two runs is made on demand (`icb snapshot create`), not by itself after each refresh',
}
