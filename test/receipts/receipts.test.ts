import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { validatorFor } from '../../src/schemas.ts'
import { PERIOD } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { call, tokenFor } from '../support/raw.ts'
import { prepareTestRegister } from '../support/register.ts'
import { canonical, digest, entryOf, openJws, type Sent, sendAll, sequence } from './kit.ts'

type Json = Record<string, unknown>

let gateway: TestGateway
let sent: Sent[]
let keys: Json[]

beforeAll(async () => {
  gateway = await testGateway({
    framework: document => {
      for (const one of document.messageTypes) if (one.type === 'steps.counts') one.enabled = true
    },
  })
  const register = await prepareTestRegister(gateway, [0, 1, 2].map(syntheticNumber))
  sent = await sendAll(gateway, register)
  register.close()
  await sequence(gateway)
  const response = await fetch(`${gateway.url}/.well-known/jwks.json`)
  keys = ((await response.json()) as { keys: Json[] }).keys
})
afterAll(() => gateway?.close())

const receiptOf = ({ reply }: Sent) => openJws(String(reply.body['receipt']), keys)
const named = (what: string) => sent.find(one => one.what === what)!

test('what was sent is accepted and refused as it says', () => {
  const states = sent.map(({ what, reply }) => [what, reply.body.code ?? reply.body['state']])
  expect(states).toEqual(sent.map(({ what, expected }) => [what, expected]))
})

test('every accept and refusal has a receipt that another library verifies and that binds it', async () => {
  const framework = join(gateway.protocolsDir, 'wm-vdab', 'protocol.json')
  const protocolDigest = digest(canonical(JSON.parse(readFileSync(framework, 'utf8'))))
  for (const one of sent) {
    const { header, payload } = receiptOf(one)
    expect([one.what, header['typ'], validatorFor('receipt')(payload)]).toEqual([
      ...[one.what, 'receipt+jwt', []],
    ])
    const entry = await entryOf(gateway, payload['entryCommitment'])
    const isAccepted = one.reply.status === 202 && one.reply.body['state'] !== 'refused'
    const isKnown = !['progress refused', 'no such protocol', 'no JSON'].includes(one.what)
    const isSalted = !['no nonce', 'no JSON'].includes(one.what)
    expect([one.what, payload]).toMatchObject([
      one.what,
      {
        iss: gateway.url,
        sub: one.party,
        decision: isAccepted ? 'accepted' : 'refused',
        protocolDigest: isKnown ? protocolDigest : null,
        messageId: (entry['message'] as Json)['id'],
        type: (entry['message'] as Json)['type'],
        iat: Math.floor(Date.parse(String(entry['at'])) / 1000),
      },
    ])
    expect([one.what, payload['digest']]).toEqual([
      one.what,
      isSalted ? digest(one.body) : undefined,
    ])
    expect([one.what, payload['code']]).toEqual([one.what, one.reply.body.code])
    expect((entry['protocol'] as Json)?.['digest'] ?? null).toBe(payload['protocolDigest'])
    expect(entry['action']).toMatch(isAccepted ? /accepted|closed/ : /refused/)
    expect(entry['actor']).toMatchObject({ party: one.party })
  }
})

test('the log of all of this is whole', async () => {
  const { keys: store, config } = gateway.context
  const report = await verifyLog(gateway.db.pool, await loadLogVerifierKey(store, config.logOrigin))
  expect(report.problems).toEqual([])
})

test('a receipt of an answer names its question by id and digest', () => {
  const { payload } = receiptOf(named('detection accepted'))
  const question = {
    messageId: payload['messageId'],
    digest: payload['digest'],
  }
  for (const what of ['answer accepted', 'report accepted'])
    expect(receiptOf(named(what)).payload['answers']).toEqual(question)
  expect(receiptOf(named('feedback accepted')).payload['answers']).toBeUndefined()
})

test('each is kept for its sender, with the proof, and closing again gives the same', async () => {
  for (const one of sent) {
    const token = await tokenFor(gateway, one.party)
    const { messageId } = receiptOf(one).payload
    const { body } = await call(gateway, 'GET', `/v1/receipts/${messageId}`, {
      token,
    })
    expect(body).toEqual({
      ...{ messageId, receipt: one.reply.body['receipt'] },
      proof: expect.stringMatching(/^c2sp\.org\/tlog-proof@v1\nindex \d+\n/),
    })
    const other = await tokenFor(gateway, 'de-noorderkempen')
    const refused = await call(gateway, 'GET', `/v1/receipts/${messageId}`, {
      token: other,
    })
    expect(refused.body.code).toBe('HB-503')
  }
  const token = await tokenFor(gateway, 'woonboog')
  const body = { protocol: 'wm-vdab', period: PERIOD }
  const again = await call(gateway, 'POST', '/v1/periods/close', {
    token,
    body,
  })
  expect(again.body).toEqual(named('period closed').reply.body)
})
