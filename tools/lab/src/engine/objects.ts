/** Object number of the dictionary's own table. */
export const DICTIONARY_OBJECT = 1
/** Object number that owns undo blocks. */
export const UNDO_OBJECT = 2
/** SYS.SMON_SCN_TIME. */
export const SMON_OBJECT = 101
/** SYS.PROPS$. */
export const PROPERTIES_OBJECT = 103
