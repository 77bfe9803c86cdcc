import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { NO_LIMITS, type OwnServer, ownServer, stopAll, throughOutage } from './kit.ts'

/** PostgreSQL goes in ways of its own and comes back, while messages are sent. */
let server: OwnServer
let gateway: TestGateway
const accepted: string[] = []

beforeAll(async () => {
  server = await ownServer()
  gateway = await testGateway({ settings: NO_LIMITS })
  await openDomain(gateway)
})
afterEach(() => stopAll())
afterAll(async () => {
  await gateway?.close()
  await server?.close()
})

test.each([
  ['a fast restart', 'SIGINT'],
  ['a crash', 'SIGKILL'],
] as const)('%s: 503 meanwhile, then all goes on by itself', async (_, signal) => {
  await throughOutage(gateway, accepted, async () => server.signal(signal))
})
