import { agreementOf } from '../../src/protocol/lookup.ts'
import { deriveSubjectTag, inputOf } from '../../src/pseudonym/derive.ts'
import {
  blindInput,
  finalize,
  randomScalar,
  VOPRF,
  verifyBatch,
} from '../../src/pseudonym/voprf.ts'
import { detection, openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { tenant } from '../support/people.ts'
import { call, tokenFor } from '../support/raw.ts'
import { accedeWithQuota } from './quota.ts'

const SIZE = 100
const DAILY = 10
const DOMAIN = 'wm-vdab/1/1'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway()
  await accedeWithQuota(gateway, 'woonboog', { registerSize: SIZE, dailyAllowance: DAILY })
  await openDomain(gateway)
})
afterAll(() => gateway?.close())

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const decode = (text: string) => Buffer.from(text, 'base64url')

/** Blinded elements of people, as they go to the gateway. */
function blind(people: readonly { insz: string }[]) {
  return people.map(({ insz }) => {
    const input = inputOf(insz)
    const scalar = randomScalar()
    return { input, scalar, element: blindInput(VOPRF, input, scalar) }
  })
}

test('a housing company gets, blindly, the subject tags that the gateway itself makes', async () => {
  const client = gateway.clients.woonboog
  const people = [tenant(1), tenant(2)]
  await client.detect(detection(people))
  const blinded = blind(people)
  const elements = blinded.map(it => base64url(it.element))
  const reply = await client.evaluate({ domain: 'subject', blinded: elements })
  const evaluated = reply.evaluated.map(decode)
  verifyBatch(
    decode(reply.publicKey),
    blinded.map(it => it.element),
    { evaluated, proof: decode(reply.proof) },
  )
  const { rows } = await gateway.db.pool.query<{ tag: Buffer }>(
    'SELECT subject_tag AS tag FROM route WHERE domain = $1',
    [DOMAIN],
  )
  const tags = blinded.map(({ input, scalar }, i) =>
    base64url(deriveSubjectTag(finalize(input, scalar, evaluated[i]!))),
  )
  expect(tags.toSorted()).toEqual(rows.map(row => base64url(row.tag)).toSorted())
})

test('the list names the subject index beside the own domains, with a quota of its own', async () => {
  const client = gateway.clients.woonboog
  const { items } = await client.domains()
  expect(items.map(({ domain, state }) => [domain, state])).toEqual([
    [DOMAIN, 'current'],
    ['subject', 'current'],
  ])
  const left = (domain: string) => items.find(it => it.domain === domain)?.quotaLeft
  // Two of the subject's were used above; the domain's quota is untouched.
  expect(left(DOMAIN)).toBe(Math.floor(SIZE * 1.05) + DAILY)
  expect(left('subject')).toBe(Math.floor(SIZE * 1.05) + DAILY - 2)
})

test('the quota of the subject index bounds guessing, and is evidence', async () => {
  const people = Array.from({ length: SIZE + 20 }, (_, at) => tenant(1_000 + at))
  const blinded = blind(people).map(it => base64url(it.element))
  await expect(
    gateway.clients.woonboog.evaluate({ domain: 'subject', blinded }),
  ).rejects.toMatchObject({ code: 'HB-602' })
  const { rows } = await gateway.db.pool.query(
    `SELECT convert_from(entry, 'UTF8')::json AS entry FROM
       (SELECT entry, action FROM audit_pending UNION ALL SELECT entry, action FROM audit_entry) e
     WHERE action IN ('quota.used', 'quota.refused')`,
  )
  const outcomes = rows
    .map(({ entry }) => entry)
    .filter(entry => entry.reason === 'domain subject')
    .map(entry => [entry.action, entry.actor.party, entry.counts.elements])
  expect(outcomes.toSorted()).toEqual([
    ['quota.refused', 'woonboog', SIZE + 20],
    ['quota.used', 'woonboog', 2],
  ])
})

test.each(['vdab', 'leefgoed'] as const)(
  'to %s the subject index answers like a domain that does not exist',
  async party => {
    const { items } = await gateway.clients[party].domains()
    expect(items.map(it => it.domain)).toEqual(party === 'vdab' ? ['ocmw-vdab/1/1', DOMAIN] : [])
    const token = await tokenFor(gateway, party)
    const blinded = blind([tenant(1)]).map(it => base64url(it.element))
    const answers = await Promise.all(
      ['subject', 'nowhere/1/1'].map(domain =>
        call(gateway, 'POST', '/v1/pseudonyms/evaluations', { token, body: { domain, blinded } }),
      ),
    )
    const [subject, unknown] = answers.map(({ status, body }) => ({
      ...body,
      status,
      instance: '',
    }))
    expect(subject).toMatchObject({ status: 422, code: 'HB-412' })
    expect(subject).toEqual(unknown)
  },
)

test('only the recipient reports ready: not a company with a quota, nor for the subject index', async () => {
  const { woonboog, vdab } = gateway.clients
  await expect(woonboog.domainReady(DOMAIN)).rejects.toMatchObject({ code: 'HB-107' })
  for (const client of [woonboog, vdab]) {
    await expect(client.domainReady('subject')).rejects.toMatchObject({
      code: client === vdab ? 'HB-202' : 'HB-107',
    })
  }
})

test('of two agreements that give a quota, the one with the larger register counts', async () => {
  // No company may accede to both frameworks, so the second quota is put in by hand.
  const other = agreementOf(gateway.context.protocols.current(), 'ocmw-vdab')
  const quota = { party: 'woonboog', registerSize: 10 * SIZE, dailyAllowance: 1 }
  other?.document.modalities.evaluation.push(quota)
  const { items } = await gateway.clients.woonboog.domains()
  const subject = items.find(it => it.domain === 'subject')
  expect(subject?.quotaLeft).toBe(Math.floor(10 * SIZE * 1.05) + 1 - 2)
})
