import { randomBytes, randomUUID } from 'node:crypto'
import { tagsOf } from '../attack/kit.ts'
import { detection, openDomain, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { tokenFor } from '../support/raw.ts'
import { makeJws, testKey } from '../support/statements.ts'
import { Sender } from './send.ts'
import { type Comparison, compare } from './timing-stats.ts'

/** Something to ask, that must be refused with that status. */
interface Ask {
  method: string
  target: string
  headers: Record<string, string>
  body?: string
  status: number
}

/** Two refusals that nobody may tell apart; each is made anew for every round. */
interface Pair {
  name: string
  first: () => Ask
  second: () => Ask
}

const WARM = 10
const ENOUGH = '1000000'
const UNKNOWN = '01KAJ5J7WQ7Z3M8T5V9XK2B4CD'

/** A gateway with something of Woonboog that Leefgoed asks about. */
export async function openTiming(): Promise<TestGateway> {
  const gateway = await testGateway({
    settings: {
      ...{ HUISBRUG_PARTY_PER_SECOND: ENOUGH, HUISBRUG_PARTY_BURST: ENOUGH },
      ...{ HUISBRUG_ADDRESS_PER_SECOND: ENOUGH, HUISBRUG_ADDRESS_BURST: ENOUGH },
    },
  })
  await openDomain(gateway)
  return gateway
}

/**
 * Asks the two of each pair in turn, so many rounds, one call at a time.
 * @param progress says whether to go on
 */
export async function measure(
  gateway: TestGateway,
  rounds: number,
  progress: (done: number, total: number) => boolean = () => true,
): Promise<Comparison[]> {
  const pairs = await pairsOf(gateway)
  const sender = new Sender(gateway.url, 1)
  const times = pairs.map(() => ({ first: [] as number[], second: [] as number[] }))
  for (let round = -WARM; round < rounds; round++) {
    for (const [at, { first, second }] of pairs.entries()) {
      const own = times[at]
      // Neither is always the one that goes first.
      const order =
        round % 2 === 0 ? (['first', 'second'] as const) : (['second', 'first'] as const)
      for (const which of order) {
        const took = await timeOf(sender, which === 'first' ? first() : second())
        if (round >= 0) own?.[which].push(took)
      }
    }
    if (!progress(round + WARM, rounds + WARM)) break
  }
  sender.close()
  return pairs.map(({ name }, at) => compare(name, times[at]?.first ?? [], times[at]?.second ?? []))
}

async function timeOf(sender: Sender, { status, body, ...ask }: Ask): Promise<number> {
  const start = performance.now()
  const reply = await sender.time(ask, body)
  const took = performance.now() - start
  if (reply.status !== status) {
    throw new Error(
      `${ask.method} ${ask.target}: ${reply.status} instead of ${status}: ${reply.text}`,
    )
  }
  return took
}

async function pairsOf(gateway: TestGateway): Promise<Pair[]> {
  const { clients, hooks } = gateway
  const { messageId } = await clients.woonboog.detect(detection(tenants(0, 3)))
  const tag = await until('the tags are stored', async () => (await tagsOf(gateway, messageId))[0])
  const { items } = await clients.vdab.domains()
  const domain = items.map(it => it.domain).find(name => name.startsWith('wm-vdab/'))
  await clients.vdab.feedback({
    ...{ protocol: 'wm-vdab', domain: domain ?? '' },
    items: [{ tag, reachability: 'hard-to-reach', establishedOn: TODAY }],
  })
  const [event] = await until('the feedback came', () => {
    const came = hooks.woonboog.received
    return came.length > 0 && came
  })
  const { feedbackId } = (event?.body['data'] ?? {}) as { feedbackId: string }
  const deliveryId = String(event?.headers['webhook-id'])
  const authorization = `Bearer ${await tokenFor(gateway, 'leefgoed')}`
  return [
    ...tokenPairs(gateway),
    read('a message of another', '/v1/messages/', [messageId, `msg_${UNKNOWN}`], authorization),
    read('a receipt of another', '/v1/receipts/', [messageId, `msg_${UNKNOWN}`], authorization),
    write('a delivery to another', [deliveryId, `del_${UNKNOWN}`], authorization, {
      path: id => `/v1/deliveries/${id}/retry`,
    }),
    write('feedback to another', [feedbackId, `fb_${UNKNOWN}`], authorization, {
      path: id => `/v1/feedback/${id}/progress`,
      body: () => ({ status: 'taken-up', on: TODAY, nonce: randomBytes(32).toString('base64url') }),
    }),
    write('a tenant of another', ['tenant-0', 'tenant-x'], authorization, {
      path: () => '/v1/subjects/usage',
      body: id => ({ tenantRef: id }),
      status: 422,
    }),
  ]
}

type Two = [of: string, unknown: string]

function read(name: string, path: string, [of, unknown]: Two, authorization: string): Pair {
  const ask = (id: string) => () => ({
    ...{ method: 'GET', target: path + id, headers: { authorization }, status: 404 },
  })
  return { name: `${name} and an unknown one`, first: ask(of), second: ask(unknown) }
}

function write(
  name: string,
  [of, unknown]: Two,
  authorization: string,
  what: { path: (id: string) => string; body?: (id: string) => object; status?: number },
): Pair {
  const ask = (id: string) => () => {
    const headers = {
      authorization,
      'idempotency-key': randomUUID(),
      'content-type': 'application/json',
    }
    const body = what.body && { body: JSON.stringify(what.body(id)) }
    return { method: 'POST', target: what.path(id), headers, ...body, status: what.status ?? 404 }
  }
  return { name: `${name} and an unknown one`, first: ask(of), second: ask(unknown) }
}

/** Who is not registered, and who is but did not sign: at the token endpoint, and with a made-up token. */
function tokenPairs(gateway: TestGateway): Pair[] {
  const wrong = testKey('nobody')
  const ask = (party: string, kid: string | undefined) => () => {
    const iat = Math.floor(Date.now() / 1000)
    const [aud, jti] = [`${gateway.url}/oauth/token`, randomUUID()]
    const claims = { iss: party, sub: party, aud, jti, iat, exp: iat + 60 }
    const form = {
      grant_type: 'client_credentials',
      client_id: party,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: makeJws(wrong, claims, { typ: 'JWT', ...(kid && { kid }) }),
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams(form).toString()
    return { method: 'POST', target: '/oauth/token', headers, body, status: 401 }
  }
  const kid = testKey('vdab').privateKey.kid
  const call = (party: string) => () => {
    const iat = Math.floor(Date.now() / 1000)
    const url = gateway.url
    const claims = {
      iss: url,
      aud: url,
      sub: party,
      client_id: party,
      scope: 'messages:read',
      jti: randomUUID(),
    }
    const token = makeJws(wrong, { ...claims, iat, exp: iat + 600 }, { typ: 'at+jwt' })
    const headers = { authorization: `Bearer ${token}` }
    return { method: 'GET', target: `/v1/messages/msg_${UNKNOWN}`, headers, status: 401 }
  }
  return [
    {
      name: 'a token: wrong signature and unknown party',
      first: ask('vdab', kid),
      second: ask('veeb', kid),
    },
    {
      name: 'a token: unknown key and unknown party',
      first: ask('vdab', undefined),
      second: ask('veeb', undefined),
    },
    { name: 'a made-up token of a party and of nobody', first: call('vdab'), second: call('veeb') },
  ]
}
