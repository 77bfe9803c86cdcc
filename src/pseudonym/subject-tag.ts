import { deriveSubjectTag, inputOf, SUBJECT_DOMAIN } from './derive.ts'
import type { Evaluator } from './evaluator.ts'
import { blindInput, finalize, randomScalar, VOPRF } from './voprf.ts'

/**
 * The gateway's own index of a person, 16 bytes, from the national number: blinded on the way, so that
 * it is the same wherever the keys live. The number is used here and kept nowhere.
 * @param insz eleven digits, already checked
 * @throws Refusal HB-412 before the index has a key, HB-904, HB-905 or HB-906 of a key service
 */
export async function subjectTagOf(
  evaluator: Pick<Evaluator, 'evaluate'>,
  insz: string,
): Promise<Buffer> {
  const input = inputOf(insz)
  const blind = randomScalar()
  const blinded = blindInput(VOPRF, input, blind)
  const { evaluated } = await evaluator.evaluate(SUBJECT_DOMAIN, [blinded])
  const [element] = evaluated
  if (!element) throw new Error('an evaluation without its element')
  return deriveSubjectTag(finalize(input, blind, element))
}
