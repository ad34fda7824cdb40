import { conformOn } from './conform.ts'

conformOn('9.10', [{ volumes: 3, chaos: 0.02 }])
