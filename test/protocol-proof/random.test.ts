import fc from 'fast-check'
import { fieldsOf } from '../../src/exchange/permission.ts'
import { compileMessage } from '../../src/protocol/compile.ts'
import { decide } from '../../src/protocol/decide.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { type Choice, documentFor, generalChoice, namedChoice } from './choices.ts'
import { makeMessage, type Recipe, recipe } from './messages.ts'
import { mayPass, type Sent } from './oracle.ts'
import { IN_FORCE, setInForce } from './sets.ts'

const SENDERS = { 'housing-company': 'woonboog', 'employment-service': 'vdab' } as const
const LISTS: Record<string, string> = {
  'detection.request': 'tenants',
  'feedback.reachability': 'items',
  'tenancy.ended': 'items',
}

/** Whether the product lets a message through: what decide says, and what the validator says. */
function passes(document: Agreement, { from, type, body, general }: Sent): boolean {
  const members = (body ?? {}) as Record<string, unknown>
  const named = typeof members['purpose'] === 'string' ? members['purpose'] : undefined
  const fits = compileMessage(document, type, general, named)(body).length === 0
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return fits
  const list = general ? 'items' : LISTS[type]
  const items = list === undefined ? undefined : members[list]
  const protocol = members['protocol'] ?? 'wm-vdab'
  const targetGroup = (members['targetGroup'] ?? undefined) as { id: string; version: string }
  const decision = decide(setInForce(document), {
    party: SENDERS[from],
    partyKind: from,
    protocol: String(protocol),
    type,
    fields: fieldsOf(members, items),
    items: Array.isArray(items) ? Math.max(items.length, 1) : 1,
    at: IN_FORCE,
    ...(named !== undefined && { purpose: named }),
    ...(targetGroup && { targetGroup }),
  })
  // The named type of a general message is read from the message itself.
  return fits && decision.allow && (!general || members['type'] === type)
}

const MESSAGES = 40
const DOCUMENTS = 80

function prove(choices: fc.Arbitrary<Choice>, general: boolean) {
  const seen = { passed: 0, refused: 0, changedAndPassed: 0 }
  const messages = fc.array(recipe, { minLength: MESSAGES, maxLength: MESSAGES })
  fc.assert(
    fc.property(choices, messages, (choice: Choice, recipes: Recipe[]) => {
      const document = documentFor(choice)
      for (const how of recipes) {
        const sent = makeMessage(choice, how, general)
        const expected = mayPass(choice, sent)
        if (passes(document, sent) !== expected) {
          throw new Error(`${expected ? 'refused' : 'let through'}: ${JSON.stringify(sent)}`)
        }
        seen[expected ? 'passed' : 'refused'] += 1
        if (expected && how.changes.length) seen.changedAndPassed += 1
      }
    }),
    // The error names the one message; making it smaller would compile hundreds of documents.
    { numRuns: DOCUMENTS, seed: 20261121, endOnFailure: true },
  )
  return seen
}

describe(`${DOCUMENTS} random documents, ${MESSAGES} random messages each: what is listed passes, nothing else`, () => {
  test.each([
    ['the named operations', namedChoice, false],
    ['the general form', generalChoice, true],
  ] as const)('%s', (_, choices, general) => {
    const seen = prove(choices, general)
    // A property that never sees one side of it proves nothing.
    expect(seen.passed).toBeGreaterThan(DOCUMENTS * 2)
    expect(seen.refused).toBeGreaterThan(DOCUMENTS * 10)
    expect(seen.changedAndPassed).toBeGreaterThan(DOCUMENTS / 4)
  })
})
