import type { Severity } from '../config-attention.ts'

/** What is worth waking someone for: how grave it is, and the page of the console that shows it. */
export const KINDS = {
  'out-of-balance': { severity: 'alarm', path: '/uitzonderingen' },
  'disclosures-stopped': { severity: 'alarm', path: '/integriteit' },
  'log-rolled-back': { severity: 'alarm', path: '/integriteit' },
  'evidence-late': { severity: 'alarm', path: '/integriteit' },
  'witness-alarm': { severity: 'alarm', path: '/integriteit' },
  'probe-late': { severity: 'alarm', path: '/systeem' },
  'protocol-broken': { severity: 'alarm', path: '/protocollen' },
  'protocol-ended': { severity: 'alarm', path: '/protocollen' },
  'person-request-overdue': { severity: 'alarm', path: '/inzage' },
  'protocol-suspended': { severity: 'warning', path: '/protocollen' },
  'protocol-review': { severity: 'warning', path: '/protocollen' },
  'protocol-ending': { severity: 'warning', path: '/protocollen' },
  'person-request-due': { severity: 'warning', path: '/inzage' },
  'witnesses-missing': { severity: 'warning', path: '/integriteit' },
  'timestamps-failing': { severity: 'warning', path: '/integriteit' },
  parked: { severity: 'warning', path: '/berichten?toestand=parked' },
  'two-current-routes': { severity: 'warning', path: '/uitzonderingen' },
  'quota-burst': { severity: 'warning', path: '/pseudoniemen' },
  'party-disabled': { severity: 'warning', path: '/uitzonderingen' },
  'webhook-gone': { severity: 'warning', path: '/uitzonderingen' },
  'exception-other': { severity: 'warning', path: '/uitzonderingen' },
  'calls-failing': { severity: 'warning', path: '/systeem' },
  'webhook-failing': { severity: 'warning', path: '/systeem' },
  'party-keys-ending': { severity: 'warning', path: '/partijen' },
  'access-refused': { severity: 'warning', path: '/auditlog?handeling=access.refused' },
} as const satisfies Record<string, { severity: Severity; path: string }>

export type AttentionKind = keyof typeof KINDS

/** One thing of a kind that is so now. */
export interface Found {
  kind: AttentionKind
  /** The party, protocol or witness it is about, never a person; empty where it is the gateway. */
  about: string
  /** How many there are of it. */
  count: number
  /**
   * When it began, or when the newest of many came: what is later is told anew. Absent: it counts as
   * one for as long as each look finds it.
   */
  since?: Date
}

/** Whether a text names a kind. */
export function isKind(text: string): text is AttentionKind {
  return Object.hasOwn(KINDS, text)
}
