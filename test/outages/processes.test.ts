import { connect, createServer } from 'node:net'
import { freePort } from '../../src/db/embedded-server.ts'
import { openDomain } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import {
  assertAllCame,
  endProcesses,
  NO_LIMITS,
  patientClient,
  type Running,
  receivedRequests,
  startLoad,
  startProcess,
  stopAll,
} from './kit.ts'

/** Several processes of each role, ended one after another while messages are sent. */
let gateway: TestGateway
let ports: number[]
let balancer: ReturnType<typeof createServer>

beforeAll(async () => {
  gateway = await testGateway({ roles: 'sequencer', settings: NO_LIMITS })
  ports = [await freePort(), await freePort()]
  balancer = balance(gateway.context.config.port, ports)
})
afterEach(() => stopAll())
afterAll(async () => {
  await endProcesses()
  balancer?.close()
  await gateway?.close()
})

/** Takes connections in turn to each port, and to the next where one does not answer. */
function balance(port: number, targets: number[]) {
  let turn = 0
  const server = createServer(client => {
    client.on('error', () => {})
    const attempt = (left: number) => {
      const upstream = connect(targets[turn++ % targets.length]!, '127.0.0.1')
      upstream.once('connect', () => client.pipe(upstream).pipe(client))
      upstream.once('error', () => {
        if (upstream.bytesRead === 0 && left > 0) attempt(left - 1)
        else client.destroy()
      })
      upstream.on('close', () => upstream.bytesRead > 0 && client.destroy())
      client.on('close', () => upstream.destroy())
    }
    attempt(targets.length)
  })
  return server.listen(port, '127.0.0.1')
}

const start = (roles: string, port?: number) =>
  startProcess(gateway, {
    ...NO_LIMITS,
    HUISBRUG_ROLES: roles,
    ...(port && { HUISBRUG_PORT: String(port) }),
  })
const leads = (running: Running) => running.said().includes('the sequencer leads')

test('two of each role: a rolling restart under load, a leader killed, a stop with a peer that hangs', async () => {
  const apis = await Promise.all(ports.map(port => start('api', port)))
  const workers = await Promise.all([start('worker,sequencer'), start('worker,sequencer')])
  await openDomain(gateway)
  // Its sequencer would lead.
  await gateway.gateway.close()
  gateway.gateway.close = async () => {}
  const clients = COMPANIES.map(company => patientClient(gateway, company))
  const load = startLoad(clients)
  await until('it is under way', () => receivedRequests(gateway).size > 5)

  // One api after the other, each gone before it is started again.
  for (const [index, api] of apis.entries()) {
    const { took, code } = await api.end('SIGTERM')
    expect([code, took < 10_000]).toEqual([0, true])
    await start('api', ports[index])
  }
  expect(load.errors).toEqual([])

  await until('one leads', () => workers.some(leads))
  const leader = workers.find(leads)!
  const other = workers.find(it => it !== leader)!
  await leader.end('SIGKILL')
  await until('the other leads', () => leads(other), 5)

  // What the worker has in hand when it is told to stop: VDAB does not answer it.
  gateway.vdab.reply = () => 'hang'
  const before = receivedRequests(gateway).size
  await until('it hangs', () => receivedRequests(gateway).size > before)
  const { took, code } = await other.end('SIGTERM')
  expect([code, took < 10_000]).toEqual([0, true])
  const { rows } = await gateway.db.pool.query(
    `SELECT count(*)::int AS n FROM hand_over WHERE reason = 'stopped' AND claimed_until IS NULL
       AND due_at <= now()`,
  )
  expect(rows[0].n).toBeGreaterThan(0)
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  await load.stop()
  await start('worker,sequencer')
  expect(load.errors).toEqual([])
  await assertAllCame(gateway, load.accepted)
}, 120_000)
