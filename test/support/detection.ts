import type { TestGateway } from './gateway.ts'
import { until } from './gateway.ts'
import type { Received } from './peer.ts'
import { syntheticNumber, tenant } from './people.ts'
import { prepareTestRegister } from './register.ts'

export const TODAY = new Date().toISOString().slice(0, 10)
export const PERIOD = TODAY.slice(0, 7)

/** The body of a good detection request, without its nonce. */
export function detection(
  tenants: ReturnType<typeof tenant>[],
  changes: Record<string, unknown> = {},
) {
  return {
    protocol: 'wm-vdab',
    purpose: 'detection',
    referenceDate: TODAY,
    targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
    tenants,
    ...changes,
  }
}

/** `count` tenants from `first` on, all different people. */
export function tenants(first: number, count: number): ReturnType<typeof tenant>[] {
  return Array.from({ length: count }, (_, index) => tenant(first + index))
}

/** Opens the domain with a register of one person, for tests that do not match. */
export async function openDomain(gateway: TestGateway): Promise<string> {
  const register = await prepareTestRegister(gateway, [syntheticNumber(99_000)])
  register.close()
  return register.domain
}

/** The call in which VDAB received a request. */
export function forwardedTo(gateway: TestGateway, messageId: string): Promise<Received> {
  return until('the request is forwarded', () =>
    gateway.vdab.to('/api/detections').find(it => it.body['messageId'] === messageId),
  )
}
