import { conformOn } from './conform.ts'

conformOn('9.10')
