import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, exportSPKI, generateKeyPair } from 'jose'
import { openRows, prepareRegister, RegisterStore } from '../../src/client/blind.ts'
import { evaluateWith } from '../../src/client/blind-evaluation.ts'
import {
  type Envelope,
  HuisbrugUnreachable,
  type Tenant,
  webhookListener,
} from '../../src/client/index.ts'
import { publishedKey } from '../../src/client/published-key.ts'
import type { ForwardedDetection } from '../../src/client/types.ts'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'
import { runCommand } from '../support/demo.ts'
import { type Peer, startPeer } from '../support/peer.ts'
import { until } from '../support/until.ts'
import {
  type RunningSandbox,
  rawCall,
  readRows,
  type State,
  startSandbox,
  testFolder,
} from './partner-kit.ts'

const TODAY = new Date().toISOString().slice(0, 10)
const WAIT = 30_000
const LONG = 400_000
const folder = testFolder()

let company: RunningSandbox
let vdab: RunningSandbox
let receiver: Server
let service: Peer
const events: Envelope[] = []
let secret = ''
let vdabKey: Awaited<ReturnType<typeof partnerKey>>

beforeAll(async () => {
  receiver = createServer(
    webhookListener({
      secrets: () => [secret],
      seen: { has: id => events.some(event => event.id === id), add: () => {} },
      handle: event => events.push(event),
    }),
  ).listen(0, '127.0.0.1')
  service = await startPeer()
  vdabKey = await partnerKey(join(folder.path, 'public.pem'))
  const { port } = receiver.address() as AddressInfo
  const common = ['--people', '60', '--slow-seconds', '0.1']
  ;[company, vdab] = await Promise.all([
    startSandbox(join(folder.path, 'company'), [
      ...['--role', 'housing-company', '--party', 'de-proef', '--answers', 'person', ...common],
      ...['--webhook', `http://127.0.0.1:${port}/hook`],
      ...['--scenario', 'all-found', '--after-days', '3'],
    ]),
    startSandbox(join(folder.path, 'vdab'), [
      ...['--role', 'vdab', '--jwks', join(folder.path, 'public.pem'), ...common],
      ...['--base-url', `${service.url}/api`, '--token-url', `${service.url}/oauth/token`],
      ...['--scenario', 'all-found'],
    ]),
  ])
  secret = String(company.settings.webhookSecret)
}, LONG)

afterAll(async () => {
  await Promise.all([company?.stop(), vdab?.stop()])
  receiver?.close()
  await service?.close()
  folder.remove()
}, LONG)

async function partnerKey(file: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  writeFileSync(file, await exportSPKI(publicKey))
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey))
  return { ...(await exportJWK(privateKey)), alg: 'ES256', kid }
}

function tenantsOf(sandbox: RunningSandbox, from: number, to: number): Tenant[] {
  return sandbox.people.slice(from, to) as unknown as Tenant[]
}

function requestOf({ settings }: RunningSandbox, tenants: Tenant[]) {
  const { protocol, purpose, targetGroup } = settings
  return { protocol, purpose, targetGroup, referenceDate: TODAY, tenants }
}

/** What the housing company got about these tenants, by their reference. */
function resultsOf(tenants: Tenant[]): Record<string, string> | undefined {
  const results = events
    .filter(({ type }) => type === 'be.huisbrug.detection.answered')
    .flatMap(({ data }) => data['results'] as { tenantRef: string; result: string }[])
    .filter(one => tenants.some(({ tenantRef }) => tenantRef === one.tenantRef))
  const pairs = results.map(one => [one.tenantRef, one.result])
  return pairs.length === tenants.length ? Object.fromEntries(pairs) : undefined
}

function reachedOf(tenants: Tenant[]): Record<string, string> {
  const all = events.filter(({ type }) => type === 'be.huisbrug.feedback.reachability')
  const about = all.filter(({ data }) => tenants.some(one => one.tenantRef === data['tenantRef']))
  return Object.fromEntries(about.map(({ data }) => [data['tenantRef'], data['reachability']]))
}

/** What outcomes.csv says of tenants in a mixed scenario. */
function expectedOf(tenants: Tenant[]) {
  const rows = new Map(
    readRows(String(company.settings.outcomesFile)).map(row => [row['insz'], row]),
  )
  const row = ({ insz }: Tenant) => rows.get(insz) ?? {}
  const isHard = (one: Tenant) => !['', 'reached'].includes(String(row(one)['reachability']))
  return {
    results: Object.fromEntries(tenants.map(one => [one.tenantRef, row(one)['result']])),
    feedback: Object.fromEntries(
      tenants.filter(isHard).map(one => [one.tenantRef, row(one)['reachability']]),
    ),
  }
}

const isSeen = async (sandbox: RunningSandbox, fits: (seen: State['seen'][number]) => boolean) =>
  (await sandbox.state()).seen.find(fits)

describe('for a housing company', () => {
  test(
    'all found, feedback after three days of its calendar, none found, and mixed as outcomes.csv says',
    async () => {
      const first = tenantsOf(company, 0, 4)
      await company.client().detect(requestOf(company, first))
      expect(await until(() => resultsOf(first), WAIT)).toEqual(
        Object.fromEntries(first.map(({ tenantRef }) => [tenantRef, 'found'])),
      )
      const waiting = (await company.state()).waiting
      expect(waiting.nextDay).toBe(3)
      await company.post('clock', { days: 2 })
      expect((await company.state()).waiting).toEqual(waiting)
      expect(reachedOf(first)).toEqual({})
      await company.post('clock', { days: 1 })
      await until(() => Object.keys(reachedOf(first)).length === waiting.people, WAIT)

      await company.post('scenario', { scenario: 'none-found', afterDays: 0 })
      const none = tenantsOf(company, 4, 7)
      await company.client().detect(requestOf(company, none))
      expect(Object.values((await until(() => resultsOf(none), WAIT)) ?? {})).toEqual(
        Array(3).fill('not-found'),
      )

      await company.post('scenario', { scenario: 'mixed' })
      const mixed = tenantsOf(company, 7, 27)
      const { results, feedback } = expectedOf(mixed)
      expect(new Set(Object.values(results))).toEqual(new Set(['found', 'not-found']))
      expect(Object.keys(feedback).length).toBeGreaterThan(0)
      await company.client().detect(requestOf(company, mixed))
      expect(await until(() => resultsOf(mixed), WAIT)).toEqual(results)
      await until(() => Object.keys(reachedOf(mixed)).length === Object.keys(feedback).length, WAIT)
      expect(reachedOf(mixed)).toEqual(feedback)
    },
    LONG,
  )

  test(
    'failing: 503, an answer that is lost, garbage, then through; VDAB fails the same way; slow',
    async () => {
      await company.post('scenario', { scenario: 'failing' })
      const tenants = tenantsOf(company, 27, 29)
      const body = requestOf(company, tenants)
      const options = { idempotencyKey: 'faults', nonce: 'A'.repeat(43) }
      const once = company.client({ attempts: 1 })
      const outcomes: unknown[] = []
      for (let turn = 0; turn < 4; turn++) {
        outcomes.push(await once.detect(body, options).catch(error => error))
      }
      const [busy, lost, garbage, through] = outcomes
      expect(busy).toMatchObject({ status: 503, code: 'HB-903', retryAfterMs: 1_000 })
      expect(lost).toBeInstanceOf(HuisbrugUnreachable)
      expect(garbage).toMatchObject({ status: 502, code: 'HTTP-502' })
      expect(through).toMatchObject({ accepted: 2 })
      await until(
        () => isSeen(company, one => one.way === 'to-counterpart' && one.fault === 'busy'),
        WAIT,
      )

      // Who repeats as the kit does notices nothing.
      const more = tenantsOf(company, 29, 30)
      expect(await company.client().detect(requestOf(company, more))).toMatchObject({ accepted: 1 })
      await company.post('scenario', { scenario: 'slow,reached' })
      await until(() => resultsOf(tenants) && resultsOf(more), WAIT)
      await company.client().deliveries()
      expect(await isSeen(company, one => one.path === '/v1/deliveries')).toMatchObject({
        fault: 'slow',
        status: 200,
      })
      await company.post('scenario', { scenario: 'normal' })
    },
    LONG,
  )

  test(
    'suspended and resumed: refused with the reason, told by webhook, and let in again',
    async () => {
      await company.post('scenario', { scenario: 'suspended' })
      const once = company.client({ attempts: 1 })
      const request = requestOf(company, tenantsOf(company, 30, 31))
      await expect(once.detect(request)).rejects.toMatchObject({ status: 503, code: 'HB-307' })
      await until(() => events.find(({ type }) => type === 'be.huisbrug.protocol.suspended'), WAIT)
      await company.post('scenario', { scenario: 'in-force' })
      await until(() => events.find(({ type }) => type === 'be.huisbrug.protocol.resumed'), WAIT)
      expect(await once.detect(request)).toMatchObject({ accepted: 1 })
    },
    LONG,
  )

  test('an address that names another host leads to no other host', async () => {
    const { hostname, port } = new URL(String(company.settings.gateway))
    const elsewhere = `${service.url}/v1/elsewhere`
    for (const path of [elsewhere, elsewhere.slice('http:'.length)]) {
      const status = await new Promise((resolve, reject) => {
        const asked = get({ hostname, port, path }, reply => resolve(reply.resume().statusCode))
        asked.on('error', reject)
      })
      expect(status).toBe(404)
    }
    expect(service.to('/v1/elsewhere')).toEqual([])
  })

  test('a number that may be of a real person goes no further, and is kept nowhere', async () => {
    const stranger = syntheticNumber('any-age', 4_000_000, 77)
    const [tenant] = tenantsOf(company, 31, 32)
    const request = requestOf(company, [{ ...(tenant as Tenant), insz: stranger }])
    await expect(company.client().detect(request)).rejects.toMatchObject({
      code: 'HB-401',
      errors: [{ pointer: '/tenants/0/insz', rule: 'sandbox: synthetic national numbers only' }],
    })
    await expect(company.client().message(`msg_${stranger}`)).rejects.toThrow('HB-')
    const page = await (await fetch(company.settings.page)).text()
    const logs = join(folder.path, 'company', 'logs')
    const written = readdirSync(logs).map(name => readFileSync(join(logs, name), 'utf8'))
    for (const text of [page, JSON.stringify(await company.state()), ...written])
      expect(text.includes(stranger)).toBe(false)
  })

  test(
    'the page says what arrived and why not, in two languages and without a script, to this machine only',
    async () => {
      const [one, other] = tenantsOf(company, 32, 34) as [Tenant, Tenant]
      const wrong = { ...other, insz: '85073003329' }
      const { refused } = await company.client().detect(requestOf(company, [one, wrong]))
      expect(refused).toMatchObject([{ index: 1, code: 'HB-401', pointer: '/tenants/1/insz' }])
      const { page } = company.settings
      const dutch = await (await fetch(page)).text()
      const shown = [
        ...['HB-401', 'Een rijksregisternummer is niet geldig', '/tenants/1/insz', 'HB-307'],
        ...['traag gemaakt', 'geen antwoord', 'be.huisbrug.feedback.reachability'],
        ...['/sandbox/codes#HB-401', 'sandbox: synthetic national numbers only'],
      ]
      expect(shown.filter(text => !dutch.includes(text))).toEqual([])
      expect(['<script', secret].filter(text => dutch.includes(text))).toEqual([])
      expect(await (await fetch(`${page}?taal=en`)).text()).toContain('Why refused')
      const codes = await (await fetch(`${page}/codes?taal=en`)).text()
      expect(codes).toMatch(/<tr id="HB-401">.*The national number is not valid/)

      const address = new URL(page)
      const rebound = await rawCall(page, { headers: { host: `evil.example:${address.port}` } })
      expect(rebound.status).toBe(403)
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      const post = (headers: Record<string, string>) =>
        rawCall(`${page}/scenario`, { method: 'POST', headers, body: 'found=none-found&taal=en' })
      expect((await post({ ...form, origin: 'http://evil.example' })).status).toBe(403)
      expect((await post({ ...form, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
      const own = await post({ ...form, origin: address.origin, 'sec-fetch-site': 'same-origin' })
      expect([own.status, own.headers['location']]).toEqual([303, '/sandbox?taal=en'])
      expect((await company.state()).scenario).toMatchObject({
        found: 'none-found',
        pace: 'normal',
      })
      for (const scenario of ['nonsense', 'slow,failing'])
        expect(await company.post('scenario', { scenario })).toMatchObject({ status: 400 })
      expect(await company.post('clock', { days: -1 })).toMatchObject({ status: 400 })
      expect(await company.post('send', { tenants: 1 })).toMatchObject({ status: 400 })
    },
    LONG,
  )

  test(
    'stopped by Ctrl-C it ends well, and a second run begins empty with the same people and key',
    async () => {
      const { peopleFile, keyFile, party } = company.settings
      const before = [peopleFile, String(keyFile)].map(file => readFileSync(file, 'utf8'))
      expect(await company.stop()).toBe(0)
      company = await startSandbox(join(folder.path, 'company'), [
        ...['--role', 'housing-company', '--party', party, '--people', '60'],
      ])
      const files = [company.settings.peopleFile, String(company.settings.keyFile)]
      expect(files.map(file => readFileSync(file, 'utf8'))).toEqual(before)
      expect(company.settings).toMatchObject({ answers: 'counts', party })
      expect((await company.state()).seen).toEqual([])
      const again = requestOf(company, tenantsOf(company, 0, 4))
      expect(await company.client().detect(again)).toMatchObject({ accepted: 4 })
      const { status, text } = await rawCall(`${company.settings.gateway}/v1/protocols`)
      expect([status, text.includes('"wm-vdab-de-proef"')]).toEqual([200, true])
    },
    LONG,
  )
})

describe('for VDAB', () => {
  test(
    'companies send clients or others as chosen, take up feedback, and end tenancies',
    async () => {
      const client = vdab.client({ privateKey: vdabKey })
      const [domain] = (await client.domains()).items
      if (!domain) throw new Error('no domain')
      mkdirSync(join(folder.path, 'register'))
      const store = new RegisterStore(join(folder.path, 'register'))
      await prepareRegister({
        domain: domain.domain,
        publicKey: publishedKey(domain, vdab.settings.logKey),
        numbers: vdab.people.map(({ insz = '' }) => ({ insz })),
        store,
        evaluate: evaluateWith(client),
      })
      expect(await vdab.post('send', { tenants: 2 })).toMatchObject({
        body: { items: [{ code: 'HB-316' }, { code: 'HB-316' }] },
      })
      await client.domainReady(domain.domain)

      const sent = async (turn: number) => {
        await vdab.post('send', { tenants: 2 })
        const came = await until(() => {
          const all = service.to('/api/detections').map(({ body }) => body)
          return all.length === 2 * turn && (all.slice(-2) as unknown as ForwardedDetection[])
        }, WAIT)
        return Promise.all(came.map(async one => ({ one, opened: await openRows(store, one) })))
      }
      const found = await sent(1)
      expect(found.map(({ opened }) => opened.length)).toEqual([2, 2])
      await vdab.post('scenario', { scenario: 'none-found' })
      expect((await sent(2)).map(({ opened }) => opened.length)).toEqual([0, 0])

      for (const { one, opened } of found) {
        const answer = { requestDigest: one.requestDigest, found: opened.length }
        expect(await client.answer(one.messageId, answer)).toMatchObject({ accepted: 1 })
      }
      const items = found.flatMap(({ opened }) =>
        opened.map(({ tag }) => ({
          tag,
          reachability: 'not-reached' as const,
          establishedOn: TODAY,
        })),
      )
      const { protocol } = vdab.settings
      expect(await client.feedback({ protocol, domain: domain.domain, items })).toMatchObject({
        accepted: 4,
      })
      const isTakenUp = (seen: State['seen']) =>
        seen.filter(one => one.path.endsWith('/progress') && one.status === 202).length === 8
      await until(async () => isTakenUp((await vdab.state()).seen), WAIT)

      await vdab.post('end-tenancies', { tenants: 1 })
      await until(() => service.to('/api/tenancies/ended').length === 2, WAIT)
      const page = await (await fetch(vdab.settings.page)).text()
      for (const text of [
        'gateway → u',
        '/api/detections',
        '/api/tenancies/ended',
        'Huurders sturen',
      ])
        expect(page).toContain(text)
      store.close()
    },
    LONG,
  )
})

test('without a role where nobody can be asked, or with a private key in place of a public one, it says what to give', async () => {
  const file = join(folder.path, 'private.json')
  writeFileSync(file, JSON.stringify(vdabKey))
  const data = ['--data', join(folder.path, 'wrong')]
  const [noRole, secretKey] = await Promise.all([
    runCommand(['sandbox', ...data]),
    runCommand(['sandbox', '--role', 'vdab', '--jwks', file, ...data]),
  ])
  expect([noRole.code, noRole.stderr]).toEqual([2, expect.stringContaining('--role')])
  expect([secretKey.code, secretKey.stderr]).toEqual([
    1,
    expect.stringContaining('holds a private key'),
  ])
})
