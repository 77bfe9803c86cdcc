import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDomain } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { call, tokenFor } from '../support/raw.ts'
import { runOnServer } from '../support/server.ts'
import { type SmallDisk, smallDisk, testWithDisk } from '../support/small-disk.ts'
import { PATIENCE } from '../support/until.ts'
import {
  addUnknown,
  assertAllCame,
  assertHonest,
  NO_LIMITS,
  type OwnServer,
  ownServer,
  patientClient,
  type Seen,
  startLoad,
  startWatching,
  stopAll,
} from './kit.ts'

const GROW = "SELECT pg_logical_emit_message(true, 'grow', repeat('x', 4000000))"

/** The disk of PostgreSQL is full: first its tables do not grow any more, then its log neither. */
let disk: SmallDisk
let server: OwnServer
let gateway: TestGateway

afterEach(async () => {
  disk?.free()
  await stopAll()
  await gateway?.close()
  await server?.close()
  disk?.close()
})

const readPostmaster = () =>
  readFileSync(join(server.folder, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]

/** Writes to the log alone, until PostgreSQL has ended because it has no room for it. */
const growLog = () =>
  until('it ended', () =>
    runOnServer(server.url, GROW).then(
      () => false,
      error => error.code === 'ECONNREFUSED',
    ),
  )

async function freeDisk({ answers, ready }: Seen): Promise<void> {
  const begun = performance.now()
  const before = answers.length
  disk.free()
  await until('it is taken again', () => answers.slice(before).some(it => it.id))
  expect(performance.now() - begun).toBeLessThan(PATIENCE * 10_000)
  await until('it is ready', () => ready.at(-1) === 200, 30)
}

async function fillAndFree(seen: Seen): Promise<void> {
  const refusals = () => seen.answers.filter(it => it.reply.status === 503).length
  await until('it is under way', () => seen.answers.length > 3)

  disk.fill()
  await until('it is not ready', () => seen.ready.at(-1) === 503, 30)
  const { body } = await call(gateway, 'GET', '/health/ready')
  expect(body['checks']).toContainEqual(expect.objectContaining({ name: 'room', ok: false }))
  await until('it is refused', () => refusals() > 0, 30)
  await freeDisk(seen)

  const first = readPostmaster()
  const before = refusals()
  disk.fill()
  await growLog()
  await until('it is refused', () => refusals() > before + 3, 30)
  await freeDisk(seen)
  expect(readPostmaster()).not.toBe(first)
}

testWithDisk(
  'a full disk: 503 and not ready; once there is room, all goes on',
  async () => {
    disk = smallDisk(320)
    server = await ownServer(join(disk.folder, 'data'))
    gateway = await testGateway({ settings: NO_LIMITS })
    await openDomain(gateway)
    const load = startLoad(COMPANIES.map(company => patientClient(gateway, company)))
    const seen = startWatching(gateway, await tokenFor(gateway, 'woonboog'))
    await fillAndFree(seen)
    await load.stop()
    await seen.stop()
    expect(load.errors).toEqual([])
    const accepted = [...load.accepted, ...assertHonest(seen)]
    await addUnknown(gateway, accepted)
    await assertAllCame(gateway, accepted)
  },
  120_000,
)
