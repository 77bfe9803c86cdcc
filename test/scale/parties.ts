import { join } from 'node:path'
import { PartyStore } from '../../src/access/party.ts'
import { prepareRegister, RegisterStore } from '../../src/client/blind.ts'
import { createClient, type HuisbrugClient, toJwks } from '../../src/client/index.ts'
import type { Store } from '../../src/parts.ts'
import { until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { testKey } from '../support/statements.ts'
import { HOSTS } from './network.ts'

const KBO = {
  vdab: '0999000129',
  'de-noorderkempen': '0999000228',
  woonboog: '0999000327',
  leefgoed: '0999000426',
} as const
export type PartyId = keyof typeof KBO

/** The kit of a party, at one of the addresses. */
export function clientOf(
  gateway: string,
  partyId: PartyId,
  retry: NonNullable<Parameters<typeof createClient>[0]['retry']> = { attempts: 1 },
): HuisbrugClient {
  const { privateKey } = testKey(partyId)
  return createClient({ gateway, partyId, privateKey, timeoutMs: 8_000, retry })
}

/** Registers VDAB at its address and three companies without a webhook. */
export async function joinParties({ pool, keys, log }: Store, vdabUrl: string): Promise<void> {
  const fetchJwks = () => Promise.reject(new Error('no key set is fetched'))
  const parties = new PartyStore({ pool, keys, log, fetchJwks, allowLoopback: false })
  for (const [id, kbo] of Object.entries(KBO)) {
    const isVdab = id === 'vdab'
    await parties.add({
      ...{ id, name: id, kbo, jwks: { set: toJwks(testKey(id)) } },
      kind: isVdab ? 'employment-service' : 'housing-company',
      ...(isVdab && { baseUrl: `${vdabUrl}/api`, tokenUrl: `${vdabUrl}/oauth/token` }),
      networks: [HOSTS],
    })
  }
}

/** VDAB prepares a register of one person, so that requests may come. */
export async function openDomain(client: HuisbrugClient, folder: string): Promise<void> {
  const { domain, publicKey } = await until(
    'a domain opens',
    async () => (await client.domains()).items.find(it => it.domain.startsWith('wm-vdab/')),
    60,
  )
  const store = new RegisterStore(join(folder, 'register'))
  const bytes = (text: string) => Buffer.from(text, 'base64url')
  await prepareRegister({
    ...{ store, domain, publicKey: bytes(publicKey) },
    numbers: [{ insz: syntheticNumber(99_000), ref: 'one' }],
    evaluate: async (name, blinded) => {
      const texts = blinded.map(element => Buffer.from(element).toString('base64url'))
      const reply = await client.evaluate({ domain: name, blinded: texts })
      return {
        evaluated: reply.evaluated.map(bytes),
        proof: bytes(reply.proof),
        publicKey: bytes(reply.publicKey),
      }
    },
  })
  store.close()
  await client.domainReady(domain)
}
