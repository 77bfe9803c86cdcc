import { detection, forwardedTo, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'
import { startTamperer, type Tamperer, type TestKeyService, testKeyService } from './support.ts'

let service: TestKeyService
let between: Tamperer
let gateway: TestGateway
let register: TestRegister

beforeAll(async () => {
  service = await testKeyService()
  between = await startTamperer(service.url)
  gateway = await testGateway({
    settings: { ...service.settings, HUISBRUG_EVALUATOR_URL: between.url },
    framework: document => {
      document.modalities.granularity = 'person'
    },
  })
  register = await prepareTestRegister(gateway, [0, 2, 4].map(syntheticNumber))
}, 60_000)
afterAll(async () => {
  register?.close()
  await gateway?.close()
  await between?.close()
  await service?.close()
})

describe('the main job with the keys apart', () => {
  test('is done end to end: detection, answer, feedback, progress', async () => {
    const { woonboog, vdab } = gateway.clients
    const { messageId, accepted } = await woonboog.detect(detection(tenants(0, 6)))
    expect(accepted).toBe(6)
    const forwarded = await forwardedTo(gateway, messageId)
    const opened = await register.open(forwarded)
    expect(opened).toHaveLength(3)
    const requestDigest = String(forwarded.body['requestDigest'])
    await vdab.answer(messageId, { requestDigest, found: opened.map(row => row.rowId) })
    const items = opened.map(({ tag }) => ({
      tag,
      reachability: 'hard-to-reach' as const,
      establishedOn: TODAY,
    }))
    const sent = await vdab.feedback({ protocol: 'wm-vdab', domain: register.domain, items })
    expect(sent).toMatchObject({ accepted: 3, refused: [] })
    const told = await until('feedback arrives', () => {
      const found = gateway.hooks.woonboog.received.filter(
        it => it.body['type'] === 'be.huisbrug.feedback.reachability',
      )
      return found.length === 3 && found
    })
    const { feedbackId } = told[0]!.body['data'] as { feedbackId: string }
    await woonboog.progress(feedbackId, { status: 'taken-up', on: TODAY })
  }, 60_000)
})
