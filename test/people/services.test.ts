import { readTrustedIssuers } from '../../src/access/issuer-settings.ts'
import { readConfig } from '../../src/config.ts'
import { createOutbound, forServices, type OutboundError } from '../../src/delivery/outbound.ts'
import { SILENT } from '../access/support.ts'

const INSIDE = 'https://10.255.255.1:8443/realm'
const networks = (list: string) => readConfig({ HUISBRUG_SERVICE_NETWORKS: list }).outbound

test('what the settings name may be in a network that is opened for it, and a party may not', async () => {
  const config = { outbound: networks('10.255.0.0/16,fd12:3456::/48') }
  expect(config.outbound.serviceNetworks).toEqual(['10.255.0.0/16', 'fd12:3456::/48'])
  const resolve = async (name: string) => {
    return [{ address: name === 'idp.internal' ? '10.255.255.1' : '10.1.2.3', family: 4 as const }]
  }
  const outbound = createOutbound({ allowLoopback: false, log: SILENT, resolve })
  const reasonOf = (by: Pick<typeof outbound, 'request'>, url: string) =>
    by.request({ method: 'GET', url, timeoutMs: 200 }).catch((error: OutboundError) => error.reason)
  const services = forServices(outbound, config)
  for (const url of [INSIDE, 'https://idp.internal/'])
    expect(await reasonOf(services, url)).not.toBe('address')
  // Another network, this machine, and the same place for a party.
  for (const url of ['https://10.1.2.3/', 'https://elders.internal/', 'https://127.0.0.1/'])
    expect(await reasonOf(services, url)).toBe('address')
  expect(await reasonOf(outbound, INSIDE)).toBe('address')
  outbound.close()
})

test('a trusted issuer there is one, where its network is opened', () => {
  const list = JSON.stringify([{ issuer: INSIDE, party: { claim: 'org', kbo: true } }])
  const config = { trustedIssuers: list, publicUrl: 'https://a.example', allowLoopback: false }
  expect(() => readTrustedIssuers(config)).toThrow(/HUISBRUG_SERVICE_NETWORKS/)
  const open = { ...config, outbound: networks('10.255.0.0/16') }
  expect(readTrustedIssuers(open)).toHaveLength(1)
})

test.each(['8.8.8.0/24', '127.0.0.0/8', '169.254.0.0/16', '10.0.0.1/8', 'x', '0.0.0.0/0'])(
  'the network %s stops the start',
  list => {
    expect(() => networks(list)).toThrow(/HUISBRUG_SERVICE_NETWORKS/)
  },
)
