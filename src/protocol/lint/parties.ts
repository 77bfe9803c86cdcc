import type { Agreement, Protocol } from '../document.ts'
import type { Remark } from '../finding.ts'
import { broken, unless } from './rules.ts'
import { saysNothing } from './words.ts'

/** Enterprise numbers, and the advices of the officers. Pure. */
export function lintParties(document: Protocol): Remark[] {
  return [...enterpriseNumbers(document), ...missingAdvice(document), ...adviceItself(document)]
}

function enterpriseNumbers({ parties }: Protocol): Remark[] {
  return parties.flatMap(({ id, kbo }) =>
    unless(isEnterpriseNumber(kbo), 'kbo-check-number', `parties[${id}].kbo`),
  )
}

/** Whether ten digits are an enterprise number: the last two are 97 - (first eight mod 97). */
export function isEnterpriseNumber(kbo: string): boolean {
  if (!/^[01][0-9]{9}$/.test(kbo)) return false
  return 97 - (Number(kbo.slice(0, 8)) % 97) === Number(kbo.slice(8))
}

function missingAdvice({ kind, parties, dpoAdvice }: Protocol): Remark[] {
  const advised = new Set<string>(dpoAdvice.map(({ party }) => party))
  const named = new Set<string>(parties.map(({ id }) => id))
  const without = [...named].filter(id => !advised.has(id))
  const further = kind !== 'framework' || [...advised].some(party => !named.has(party))
  const text = 'no officer advised for those who accede'
  const strangers = kind === 'framework' ? [] : [...advised].filter(party => !named.has(party))
  return [
    ...without.map(id =>
      broken('missing-advice', 'dpoAdvice', `the officer of ${id} did not advise`),
    ),
    ...unless(further, 'missing-advice', 'dpoAdvice', text),
    ...strangers.map(party => broken('advice-of-stranger', `dpoAdvice[${party}]`)),
  ]
}

function adviceItself({ dpoAdvice, duration }: Protocol): Remark[] {
  return dpoAdvice.flatMap((advice, index) => {
    const at = `dpoAdvice[${index}]`
    const reasoned = advice.followed || !saysNothing(advice.reasonNotFollowed ?? '')
    return [
      ...unless(reasoned, 'advice-not-reasoned', `${at}.reasonNotFollowed`),
      ...unless(advice.date <= duration.from, 'advice-after-start', `${at}.date`),
      ...unless(!isOdd(advice), 'odd-advice', `${at}.opinion`),
    ]
  })
}

function isOdd({ opinion, followed, conditions }: Agreement['dpoAdvice'][number]): boolean {
  if (opinion === 'unfavourable') return followed
  if (opinion === 'favourable') return !followed
  return !conditions?.length
}
