import type { Annex1 } from '../../src/client/index.ts'

/** Of 100 tenants 80 were checked: 25 + 20 + 15 + 6 + 4 comply, 10 do not. */
export const COUNTS: Annex1 = {
  referenceDate: '2026-09-30',
  tenants: 100,
  checked: 80,
  compliant: {
    worksOrSelfEmployed: 25,
    registeredWithVdab: 20,
    olderThan65: 15,
    unfitForWork: 6,
    livingWage: 4,
  },
  notCompliant: 10,
  extraTime: { given: true, days: 90, tenants: 8, regularised: 3 },
  passedToSupervisor: 2,
}
