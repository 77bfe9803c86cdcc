import { deriveTag, inputOf, tagInfo } from '../pseudonym/derive.ts'
import type { Domain } from '../pseudonym/domains.ts'
import type { Evaluator } from '../pseudonym/evaluator.ts'
import { randomScalar } from '../pseudonym/group.ts'
import { subjectTagOf } from '../pseudonym/subject-tag.ts'
import { VOPRF } from '../pseudonym/suite.ts'
import { blindInput, finalize } from '../pseudonym/voprf.ts'

/** A person as the gateway knows one: the subject tag, and the tag under every key that still exists. */
export interface Person {
  subjectTag: Buffer
  tags: { domain: string; tag: Buffer }[]
}

/** What makes a person of a national number. */
export interface PersonParts {
  evaluator: Pick<Evaluator, 'evaluate'>
  domains: {
    list(): Promise<Pick<Domain, 'name' | 'state'>[]>
    ensureSubjectKey(): Promise<unknown>
  }
}

/**
 * Computes who a national number is to the gateway, wherever the keys live. The number stays in memory
 * and is not kept.
 * @param insz eleven digits, already checked
 * @throws Refusal HB-904 where the keys cannot be reached
 */
export async function identify(parts: PersonParts, insz: string): Promise<Person> {
  await parts.domains.ensureSubjectKey()
  const open = (await parts.domains.list()).filter(({ state }) => state !== 'closed')
  const input = inputOf(insz)
  const outputOf = async (domain: string): Promise<Buffer> => {
    const blind = randomScalar()
    const blinded = blindInput(VOPRF, input, blind)
    const { evaluated } = await parts.evaluator.evaluate(domain, [blinded])
    return finalize(input, blind, evaluated[0] ?? new Uint8Array())
  }
  const tags: Person['tags'] = []
  for (const { name } of open) {
    tags.push({ domain: name, tag: deriveTag(await outputOf(name), tagInfo(name)).tag })
  }
  return { subjectTag: await subjectTagOf(parts.evaluator, insz), tags }
}
