import type { HealthCheck } from '../../health-check.ts'

/**
 * How grave a finding is: `wrong` keeps the program from working, `needed` is what production needs and a
 * trial does not, `hint` is for a person to weigh.
 */
export type Weight = 'wrong' | 'needed' | 'hint'

/** One thing that was looked at in the settings; where it is not well, how grave and what to do. */
export interface SettingCheck extends HealthCheck {
  weight?: Weight
}

export const fine = (name: string, detail: string): SettingCheck => ({ name, ok: true, detail })

/** A finding with its weight; only what is wrong fails a check that does not ask for production. */
export function found(
  weight: Weight,
  name: string,
  { detail, remedy }: { detail: string; remedy: string },
): SettingCheck {
  return { name, ok: weight !== 'wrong', detail, remedy, weight }
}

/** The same findings where production is asked for: what it needs is wrong then. */
export function forProduction(checks: readonly SettingCheck[]): SettingCheck[] {
  return checks.map(check => (check.weight === 'needed' ? { ...check, ok: false } : check))
}
