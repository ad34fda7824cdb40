import { conformOn } from './conform.ts'

conformOn('9.16', [{ volumes: 1, options: { holds: true }, chaos: 0.02 }, { volumes: 3 }])
