import { conformOn } from './conform.ts'

conformOn('9.6', [{ volumes: 1 }, { volumes: 3 }])
