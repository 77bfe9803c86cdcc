import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CompactSign, createLocalJWKSet, exportJWK } from 'jose'
import type * as kit from '../../src/client/index.ts'
import {
  followMessage,
  isEvent,
  openSeenEvents,
  type ReceiptError,
  takeInbox,
  verifyReceipt,
} from '../../src/client/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-events-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function eventOf(id: string): kit.Envelope {
  const type = 'be.huisbrug.test'
  const common = { specversion: '1.0', source: 'https://gateway.example', type } as const
  const time = '2026-11-21T09:30:00.000Z'
  return { ...common, id, time, datacontenttype: 'application/json', data: { note: 'x' } }
}

test('an event is known by its type, with its data', () => {
  const event = eventOf('del_1')
  expect(isEvent(event, 'be.huisbrug.feedback.reachability')).toBe(false)
  expect(isEvent(event, 'be.huisbrug.test') && event.data.note).toBe('x')
})

test('what was taken is known after a restart and after a kill in the middle of a line, and forgotten in time', async () => {
  const file = join(folder, 'seen', 'events.jsonl')
  const first = await openSeenEvents(file)
  await first.add('del_1')
  expect([first.has('del_1'), first.has('del_2')]).toEqual([true, false])
  await first.close()
  appendFileSync(file, '{"id":"del_2","at":"20')
  const second = await openSeenEvents(file)
  expect([second.has('del_1'), second.has('del_2')]).toEqual([true, false])
  await second.close()
  const later = new Date(Date.now() + 61 * 86_400_000)
  const third = await openSeenEvents(file, { now: later })
  await third.add('del_3')
  await third.close()
  expect(third.has('del_1')).toBe(false)
  expect(readFileSync(file, 'utf8')).toMatch(/^\{"id":"del_3","at":"[^"]+"\}\n$/)
})

test('the inbox is taken page by page; where one event fails, those before it are acknowledged', async () => {
  let waiting = Array.from({ length: 5 }, (_, n) => eventOf(`del_${n}`))
  const client = {
    inbox: async ({ limit = 100 } = {}) => ({ items: waiting.slice(0, limit), next: null }),
    acknowledge: async (upTo: string) => {
      const at = waiting.findIndex(({ id }) => id === upTo)
      waiting = waiting.slice(at + 1)
      return { upTo, acknowledged: at + 1 }
    },
  }
  const handled: string[] = []
  const take = (broken?: string) =>
    takeInbox(
      client,
      ({ id }) => {
        if (id === broken) throw new Error('disk full')
        handled.push(id)
      },
      { limit: 2 },
    )
  await expect(take('del_3')).rejects.toThrow('disk full')
  expect([handled, waiting.map(({ id }) => id)]).toEqual([
    ['del_0', 'del_1', 'del_2'],
    ['del_3', 'del_4'],
  ])
  expect(await take()).toBe(2)
  expect([handled.length, waiting.length]).toEqual([5, 0])
})

test('a message is followed until nothing more comes by itself, or until told to stop', async () => {
  const states = ['queued', 'queued', 'retrying', 'delivered', 'delivered', 'answered', 'answered']
  const follow = async (options: kit.FollowOptions, stopAt?: string) => {
    const left = [...states]
    const stop = new AbortController()
    const message = async () => ({ state: left.shift() ?? '', items: {} }) as kit.MessageState
    const told: string[] = []
    const following = { everyMs: 1, signal: stop.signal, ...options }
    for await (const { state } of followMessage({ message }, 'msg_1', following)) {
      told.push(state)
      if (state === stopAt) stop.abort()
    }
    return told
  }
  expect(await follow({})).toEqual(['queued', 'retrying', 'delivered'])
  expect(await follow({ until: 'answered' })).toEqual([
    ...['queued', 'retrying', 'delivered', 'answered'],
  ])
  expect(await follow({ everyMs: 60_000 }, 'queued')).toEqual(['queued'])
})

test('a receipt is believed only from this gateway, for this party, message and body', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] })
  const claims = {
    ...{ iss: 'https://gateway.example', sub: 'woonboog', messageId: 'msg_1' },
    ...{ type: 'detection.request', decision: 'accepted', entryCommitment: 'x', iat: 1 },
    digest: 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0', // SHA-256 of abc
  }
  const signed = (typ = 'receipt+jwt', by = privateKey) =>
    new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'EdDSA', kid: 'k', typ })
      .sign(by)
  const check = { gateway: 'https://gateway.example/', partyId: 'woonboog', keys }
  const read = (jws: string, more: Partial<kit.ReceiptCheck> = {}) =>
    verifyReceipt(jws, { ...check, ...more })
  const good = await signed()
  expect(await read(good, { messageId: 'msg_1', body: Buffer.from('abc') })).toEqual(claims)
  const fault = (jws: string, more?: Partial<kit.ReceiptCheck>) =>
    read(jws, more).then(
      () => 'taken',
      (error: ReceiptError) => error.code,
    )
  const other = generateKeyPairSync('ed25519').privateKey
  const away = async () => {
    throw new TypeError('fetch failed')
  }
  expect(
    await Promise.all([
      fault('a.b.c'),
      fault(await signed('JWT')),
      fault(await signed('receipt+jwt', other)),
      fault(good, { keys: createLocalJWKSet({ keys: [] }) }),
      fault(good, { keys: away }),
      fault(good, { gateway: 'https://other.example' }),
      fault(good, { partyId: 'leefgoed' }),
      fault(good, { messageId: 'msg_2' }),
      fault(good, { body: Buffer.from('abd') }),
    ]),
  ).toEqual([
    ...['malformed', 'malformed', 'bad-signature', 'bad-signature', 'no-keys'],
    ...['another', 'another', 'another', 'another-body'],
  ])
})

test('the kit loads no native part, and of the gateway the shared cryptography alone', async () => {
  const script = join(folder, 'loads.mjs')
  const kit = ['index', 'register'].map(
    name => new URL(`../../src/client/${name}.ts`, import.meta.url).href,
  )
  writeFileSync(
    script,
    `import { registerHooks } from 'node:module'
     const seen = new Set()
     registerHooks({ resolve: (name, context, next) => {
       const found = next(name, context)
       seen.add(found.url)
       return found
     } })
     for (const entry of ${JSON.stringify(kit)}) await import(entry)
     console.log(JSON.stringify([...seen]))`,
  )
  const { NODE_OPTIONS: _, ...env } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env })
  const loaded = JSON.parse(stdout) as string[]
  const parts = loaded.flatMap(url => /\/src\/(\w+)\/[\w-]+\.ts$/.exec(url)?.[1] ?? [])
  expect(new Set(parts)).toEqual(new Set(['client', 'pseudonym', 'audit']))
  expect(loaded.filter(url => url.endsWith('.node'))).toEqual([])
  const packages = loaded.flatMap(url => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])
  expect(packages).toEqual(expect.arrayContaining(['jose', 'axios', 'libsodium-wrappers-sumo']))
  const ofGateway = ['pg', 'express', 'kysely', 'bullmq', 'ioredis', 'piscina', 'winston', 'ajv']
  expect(ofGateway.filter(name => packages.includes(name))).toEqual([])
})
