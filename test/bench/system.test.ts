import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Connection } from '../../bench/system/connection.ts'
import { familySeconds, memoryOf, processorSeconds } from '../../bench/system/processes.ts'
import { detectionRequests } from '../../bench/system/requests.ts'

const BATCH = {
  senders: ['company-0', 'company-1'].map(party => ({ party, token: `token-${party}` })),
  ...{ requests: 3, tenants: 2, firstPerson: 10 },
}

test('load: whole requests about persons who are all different, over a connection that is opened again', async () => {
  const seen: { token: string | undefined; tenants: { insz: string; tenantRef: string }[] }[] = []
  const server = createServer(async (request, response) => {
    const { tenants } = JSON.parse(Buffer.concat(await request.toArray()).toString())
    seen.push({ token: request.headers.authorization, tenants })
    // In pieces, and the second time without keeping the connection.
    response.writeHead(seen.length === 3 ? 503 : 202, {
      'content-length': 4,
      ...(seen.length === 2 && { connection: 'close' }),
    })
    response.write('12')
    setTimeout(() => response.end('34'), 20)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const connection = new Connection(`http://${host}`)
  const replies = []
  for (const request of detectionRequests(host, '/v1/detections', BATCH))
    replies.push(await connection.send(request))
  connection.close()
  server.close()
  expect(replies.map(({ status, body }) => `${status} ${body}`)).toEqual([
    ...['202 1234', '202 1234', '503 1234'],
  ])
  expect(seen.map(({ token }) => token?.at(-1))).toEqual(['0', '1', '0'])
  const persons = seen.flatMap(({ tenants }) => tenants)
  expect(new Set(persons.map(({ insz }) => insz)).size).toBe(6)
  expect(persons[0]?.tenantRef).toBe('H-000000010')
})

test('processor time counts threads, children and what ended; memory its peak', () => {
  const ofOthers = () => familySeconds(process.pid) - processorSeconds(process.pid)
  const before = ofOthers()
  const burn = 'const end = Date.now() + 300; while (Date.now() < end);'
  const { status } = spawnSync(process.execPath, ['-e', burn])
  expect(status).toBe(0)
  expect(ofOthers() - before).toBeGreaterThan(0.02)
  expect(processorSeconds(process.pid)).toBeGreaterThan(0)
  const { resident, peak } = memoryOf(process.pid)
  expect(resident).toBeGreaterThan(10 * 2 ** 20)
  expect(peak).toBeGreaterThanOrEqual(resident)
})
