import type { HuisbrugProblem } from '../../src/client/index.ts'
import { examineStore } from '../../src/db/doctor.ts'
import { openDomain } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import {
  assertAllCame,
  NO_LIMITS,
  patientClient,
  receivedRequests,
  startLoad,
  stopAll,
} from './kit.ts'

const HOUR = 3_600_000
let gateway: TestGateway
let ahead = 0
const accepted: string[] = []

beforeAll(async () => {
  const clock = () => new Date(Date.now() + ahead)
  gateway = await testGateway({ settings: NO_LIMITS, overrides: { clock } })
  await openDomain(gateway)
})
afterEach(async () => {
  ahead = 0
  await stopAll()
})
afterAll(() => gateway?.close())

test.each([
  ['an hour ahead', HOUR],
  ['an hour back', -HOUR],
])(
  'a clock that jumps %s and back: who was refused is taken then, all comes once',
  async (_, by) => {
    const load = startLoad(COMPANIES.map(company => patientClient(gateway, company)))
    const seen = receivedRequests(gateway).size
    await until('it is under way', () => receivedRequests(gateway).size > seen + 5, 40)
    ahead = by
    await new Promise(resolve => setTimeout(resolve, 1_500))
    ahead = 0
    const taken = load.accepted.length
    await until('messages are taken again', () => load.accepted.length > taken + 5, 40)
    await load.stop()
    // A clock that is wrong refuses an assertion or a token of the right time, and may take a key that
    // a party registered just now, or a signature, for one of the future: refused as such, with the code.
    for (const { status, code } of load.errors as HuisbrugProblem[]) {
      expect(`${status} ${code}`).toMatch(/^(401 HB-1|403 HB-(130|3))/)
    }
    accepted.push(...load.accepted)
    expect(await assertAllCame(gateway, accepted)).toBe(0)
  },
)

test('the doctor says that the clocks differ', async () => {
  const { pool, config } = gateway.context
  const now = Date.now
  Date.now = () => now() + HOUR
  try {
    const findings = await examineStore(pool, config.dataDir)
    expect(findings.find(it => it.name === 'clock')).toMatchObject({ ok: false })
  } finally {
    Date.now = now
  }
})
