import type { HuisbrugClient } from '../../src/client/index.ts'
import { createClient } from '../../src/client/index.ts'
import {
  type TestGateway,
  type TestGatewayOptions,
  testGateway,
  until,
} from '../support/gateway.ts'
import { type Peer, startPeer } from '../support/peer.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'
import { testKey } from '../support/statements.ts'

export const TODAY = new Date().toISOString().slice(0, 10)
export const OFFICE = 'ocmw-voorbeeldgem'

/** A gateway under ocmw-vdab: a welfare office with a webhook, and a register at VDAB. */
export interface Welfare {
  gateway: TestGateway
  office: HuisbrugClient
  vdab: HuisbrugClient
  hook: Peer
  register: TestRegister
  close(): Promise<void>
}

/** Starts a gateway where a welfare office and VDAB exchange under ocmw-vdab. */
export async function openWelfare(
  inRegister: string[],
  options: TestGatewayOptions = {},
): Promise<Welfare> {
  const gateway = await testGateway(options)
  const hook = await startPeer()
  const office = await joinOffice(gateway, hook.url)
  const register = await prepareTestRegister(gateway, inRegister, 'ocmw-vdab')
  const close = async () => {
    register.close()
    await gateway.close()
    await hook.close()
  }
  return { gateway, office, vdab: gateway.clients.vdab, hook, register, close }
}

/** Registers the welfare office, which has signed already, and waits until it may send. */
export async function joinOffice(
  { context, url }: TestGateway,
  hook: string,
  id = OFFICE,
): Promise<HuisbrugClient> {
  const { publicKey, privateKey } = testKey(id)
  await context.parties.add({
    id,
    kind: 'welfare-office',
    name: id,
    kbo: '0999000723',
    jwks: { set: { keys: [publicKey] } },
    webhook: `${hook}/webhook`,
  })
  await context.protocols.reload()
  return createClient({ gateway: url, partyId: id, privateKey, retry: { attempts: 1 } })
}

/** A person of the office by number: the first is 0. */
export function client(index: number, changes: Record<string, string> = {}) {
  return { insz: syntheticNumber(index), clientRef: `client-${index}`, ...changes }
}

/** The monthly question about these persons. */
export function question(items: Record<string, string>[], changes: Record<string, unknown> = {}) {
  return {
    protocol: 'ocmw-vdab',
    type: 'guidance.question',
    purpose: 'guidance',
    referenceDate: TODAY,
    targetGroup: { id: 'clients-in-guidance', version: '1.0' },
    items,
    ...changes,
  }
}

/** What VDAB received at its general endpoint of a type. */
export function callsOf(gateway: TestGateway, type: string) {
  return gateway.vdab.to('/api/messages').filter(call => call.body['type'] === type)
}

/** The call in which VDAB received a message. */
export function forwarded(gateway: TestGateway, messageId: string) {
  return until('the message is forwarded', () =>
    gateway.vdab.to('/api/messages').find(call => call.body['messageId'] === messageId),
  )
}

/** The event of a type that the office's webhook received. */
export function eventAt(hook: Peer, type: string, nth = 0) {
  return until(`an event ${type}`, () => {
    const events = hook.received.map(call => call.body).filter(body => body['type'] === type)
    return events[nth]
  })
}
