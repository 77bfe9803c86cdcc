import { type Reason, reason } from '../errors.ts'
import type { WireTypes } from '../schemas.generated.ts'

/** The counts of Annex 1 of the call, as a housing company reports them: schemas/annex-1.json. */
export type Annex1 = WireTypes['annex-1']

/** What looks odd but is not refused. */
export interface Annex1Warning {
  pointer: string
  rule: Annex1WarningRule
  /** English; the console has its own words by rule. */
  text: string
}

export type Annex1WarningRule = keyof typeof WARNINGS

/** The categories of compliance, in the order of the call. */
export const CATEGORIES = [
  'worksOrSelfEmployed',
  'registeredWithVdab',
  'olderThan65',
  'unfitForWork',
  'livingWage',
] as const

const WARNINGS = {
  'sum = checked': 'The categories and notCompliant do not add up to checked',
  'given = false': 'No extra time was given, and yet tenants got some',
  'given = true': 'Extra time was given, and yet nobody got any',
} as const

/**
 * The hard rules of the call that a schema cannot say; what breaks one is not taken. Pure.
 * @param today YYYY-MM-DD: nothing can be counted on a day that is still to come
 * @returns a reason of code HB-219 for each rule that is broken, or none
 */
export function brokenRules({ referenceDate, ...counts }: Annex1, today: string): Reason[] {
  const { tenants, checked, extraTime } = counts
  const rules: [boolean, string, string, string][] = [
    [checked <= tenants, '/checked', 'checked <= tenants', 'Check the number of tenants checked.'],
    [
      extraTime.regularised <= extraTime.tenants,
      '/extraTime/regularised',
      'extraTime.regularised <= extraTime.tenants',
      'Check how many of those with extra time complied.',
    ],
    [
      referenceDate <= today,
      '/referenceDate',
      'referenceDate <= today',
      'Name the day on which was counted.',
    ],
  ]
  return rules
    .filter(([holds]) => !holds)
    .map(([, pointer, rule, remedy]) => reason('HB-219', pointer, rule, remedy))
}

/** What looks odd: the source does not say that the categories exclude each other. Pure. */
export function warningsOf({
  checked,
  compliant,
  notCompliant,
  extraTime,
}: Annex1): Annex1Warning[] {
  const sum = CATEGORIES.reduce((total, category) => total + compliant[category], notCompliant)
  const { given, tenants, regularised } = extraTime
  const odd: [boolean, string, Annex1WarningRule][] = [
    [sum !== checked, '/checked', 'sum = checked'],
    [!given && tenants + regularised > 0, '/extraTime/tenants', 'given = false'],
    [given && tenants === 0, '/extraTime/tenants', 'given = true'],
  ]
  return odd
    .filter(([is]) => is)
    .map(([, pointer, rule]) => ({ pointer, rule, text: WARNINGS[rule] }))
}
