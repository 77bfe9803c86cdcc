import { detection, openDomain, tenants } from '../support/detection.ts'
import { testGateway, until } from '../support/gateway.ts'
import { testKeyService } from './support.ts'

test('a gateway starts without its key service, and opens its first domains once that is there', async () => {
  const service = await testKeyService()
  await service.stop()
  const gateway = await testGateway({ settings: service.settings })
  try {
    const { domains } = gateway.context
    expect((await fetch(`${gateway.url}/v1/protocols`)).status).toBe(200)
    expect(await domains.list()).toEqual([])
    const early = gateway.clients.woonboog.detect(detection(tenants(0, 2)))
    await expect(early).rejects.toMatchObject({ code: 'HB-316' })
    await service.start()
    await until('a domain opens', async () => (await domains.list('wm-vdab')).length === 1)
    await openDomain(gateway)
    const sent = await gateway.clients.woonboog.detect(detection(tenants(0, 2)))
    expect(sent).toMatchObject({ accepted: 2 })
  } finally {
    await gateway.close()
    await service.close()
  }
}, 60_000)
