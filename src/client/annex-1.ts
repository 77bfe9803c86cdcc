/** Annex 1 of the call: whole numbers; `checked` at most `tenants`, `regularised` at most those with extra time. */
export interface Annex1 {
  /** YYYY-MM-DD: the day on which was counted. */
  referenceDate: string
  tenants: number
  checked: number
  compliant: {
    worksOrSelfEmployed: number
    registeredWithVdab: number
    olderThan65: number
    unfitForWork: number
    livingWage: number
  }
  notCompliant: number
  extraTime: { given: boolean; days?: number; tenants: number; regularised: number }
  passedToSupervisor: number
}

/** What looks odd in Annex 1 but is not refused. */
export interface Annex1Warning {
  pointer: string
  rule?: string
  text: string
}

export interface Annex1Accepted {
  messageId: string
  referenceDate?: string
  warnings: Annex1Warning[]
  receipt: string
}

/** Annex 1 as it was reported; `replacedBy` names the newer report of the same day. */
export interface Annex1Report {
  messageId: string
  reportedAt: string
  report: Annex1
  warnings: Annex1Warning[]
  replacedBy?: string
}
