import { type Gateway, startGateway } from '../../src/gateway.ts'
import { detection, forwardedTo, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'

let front: TestGateway
let workers: Gateway[]

beforeAll(async () => {
  front = await testGateway({ roles: 'api' })
  const { config } = front.context
  const roles = [
    new Set(['worker'] as const),
    new Set(['worker'] as const),
    new Set(['sequencer'] as const),
  ]
  const log = testLog('error').log
  workers = await Promise.all(roles.map(role => startGateway({ ...config, roles: role }, log)))
})
afterAll(async () => {
  await Promise.all(workers.map(worker => worker.close()))
  await front.close()
})

describe('roles in processes of their own, on one database', () => {
  test('only the api listens, and there is no console on it', async () => {
    expect(workers.map(worker => worker.url)).toEqual([undefined, undefined, undefined])
    expect((await fetch(`${front.url}/console`)).status).toBe(404)
  })

  test('a console alone serves the console and its health, not the interface', async () => {
    const { config } = front.context
    const settings = { ...config, port: 0, roles: new Set(['console'] as const) }
    const room = await startGateway(settings, testLog('error').log)
    try {
      const status = async (path: string) => (await fetch(`${room.url}${path}`)).status
      expect(await status('/health/live')).toBe(200)
      expect(await status('/console')).toBe(401)
      expect(await status('/v1/protocols')).toBe(404)
    } finally {
      await room.close()
    }
  })

  test('each message goes out once, though two workers look for it', async () => {
    await openDomain(front)
    const sent = []
    for (let index = 0; index < 8; index++) {
      sent.push(await front.clients.woonboog.detect(detection(tenants(index * 10, 10))))
    }
    for (const { messageId } of sent) await forwardedTo(front, messageId)
    const calls = front.vdab.to('/api/detections').map(call => call.body['messageId'])
    expect(calls.toSorted()).toEqual(sent.map(it => it.messageId).toSorted())
  })

  test('what they recorded gets its place in one log', async () => {
    await until('nothing is pending', async () => {
      const { rows } = await front.db.pool.query('SELECT count(*)::int AS n FROM audit_pending')
      return rows[0].n === 0
    })
    const receipt = await front.db.pool.query(
      "SELECT count(*)::int AS n FROM audit_entry WHERE action = 'program.started'",
    )
    expect(receipt.rows[0].n).toBe(5)
  })
})
