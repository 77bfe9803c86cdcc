import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto'
import { CompactEncrypt, type JWK } from 'jose'
import {
  createWebhookReceiver,
  type Envelope,
  EnvelopeError,
  generateEncryptionKeyPair,
  type KeyPair,
  openCall,
  openEvent,
  signWebhook,
} from '../../src/client/index.ts'
import { concatKdf, sealByHand } from './by-hand.ts'

const CONTENT = { messageId: 'msg_1', rows: [{ rowId: 'SECRETROWID' }] }
const HEADER = { typ: 'call+jwe', cty: 'json', id: 'msg_1' }
let x25519: KeyPair
let p256: KeyPair

beforeAll(async () => {
  x25519 = await generateEncryptionKeyPair()
  p256 = await generateEncryptionKeyPair('P-256')
})

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('it was opened'),
    caught => caught,
  )
  return error instanceof EnvelopeError ? error.code : String(error)
}

function open(jwe: string, keys: JWK[] = [x25519.privateKey, p256.privateKey], id = 'msg_1') {
  return openCall(jwe, id, keys)
}

test('Concat KDF gives the key of RFC 7518 appendix C', () => {
  const alice = {
    kty: 'EC',
    crv: 'P-256',
    x: 'gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0',
    y: 'SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps',
    d: '0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo',
  }
  const bob = {
    kty: 'EC',
    crv: 'P-256',
    x: 'weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ',
    y: 'e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck',
  }
  const secret = diffieHellman({
    privateKey: createPrivateKey({ key: alice, format: 'jwk' }),
    publicKey: createPublicKey({ key: bob, format: 'jwk' }),
  })
  const parties = { apu: 'QWxpY2U', apv: 'Qm9i' }
  const key = concatKdf(secret, 128, 'A128GCM', parties).toString('base64url')
  expect(key).toBe('VqqN6vgjbSBcIijNcacQGg')
})

describe('the kit opens', () => {
  test('what another implementation sealed, for X25519 and for P-256', async () => {
    for (const { publicKey } of [x25519, p256]) {
      expect(await open(sealByHand(CONTENT, publicKey, HEADER))).toEqual(CONTENT)
    }
  })

  test('with a former key, as long as it is kept', async () => {
    const next = await generateEncryptionKeyPair()
    const jwe = sealByHand(CONTENT, x25519.publicKey, HEADER)
    expect(await open(jwe, [next.privateKey, x25519.privateKey])).toEqual(CONTENT)
    expect(await faultOf(open(jwe, [next.privateKey]))).toBe('unknown-key')
  })

  test('an event that has no envelope, as it is', async () => {
    const event = { id: 'del_1', data: { a: 1 } } as unknown as Envelope
    expect(await openEvent(event, [])).toEqual(event)
  })
})

describe('the kit refuses', () => {
  const sealed = (header: object = {}) =>
    sealByHand(CONTENT, x25519.publicKey, { ...HEADER, ...header })

  test('no keys, and a key of another kind under the kid', async () => {
    const { kid } = x25519.publicKey
    expect(await faultOf(open(sealed(), []))).toBe('no-keys')
    expect(await faultOf(open(sealed(), [x25519.publicKey]))).toBe('bad-key')
    expect(await faultOf(open(sealed(), [{ kty: 'oct', k: 'AAAA', kid: kid! }]))).toBe('bad-key')
    expect(await faultOf(open(sealed(), [{ ...p256.privateKey, kid: kid! }]))).toBe('damaged')
    const other = await generateEncryptionKeyPair()
    expect(await faultOf(open(sealed(), [{ ...other.privateKey, kid: kid! }]))).toBe('damaged')
  })

  test('another message, also where its id was written over', async () => {
    expect(await faultOf(open(sealed({ id: 'msg_2' })))).toBe('another-message')
    const [head = '', ...rest] = sealed({ id: 'msg_2' }).split('.')
    const header = JSON.parse(Buffer.from(head, 'base64url').toString())
    const changed = Buffer.from(JSON.stringify({ ...header, id: 'msg_1' })).toString('base64url')
    expect(await faultOf(open([changed, ...rest].join('.')))).toBe('damaged')
  })

  test('an event for a call, and a call for an event', async () => {
    expect(await faultOf(open(sealed({ typ: 'event+jwe' })))).toBe('not-an-envelope')
    const event = { id: 'msg_1', datacontenttype: 'application/jose', data: sealed() } as never
    expect(await faultOf(openEvent(event, [x25519.privateKey]))).toBe('not-an-envelope')
  })

  test('every changed character of what is authenticated', async () => {
    const jwe = sealed()
    const parts = jwe.split('.')
    for (const index of [2, 3, 4]) {
      const part = parts[index]!
      const first = part[0] === 'A' ? 'B' : 'A'
      const changed = parts.with(index, first + part.slice(1)).join('.')
      expect(await faultOf(open(changed))).toBe('damaged')
    }
    expect(await faultOf(open(parts.with(1, 'AAAA').join('.')))).toBe('damaged')
    expect(await faultOf(open(parts.slice(0, 4).join('.')))).toBe('not-an-envelope')
  })

  test.each([
    ['dir', { alg: 'dir' }],
    ['none', { alg: 'none' }],
    ['RSA', { alg: 'RSA-OAEP-256' }],
    ['key wrapping', { alg: 'ECDH-ES+A256KW' }],
    ['a password', { alg: 'PBES2-HS512+A256KW', p2c: 1_000_000_000, p2s: 'AAAA' }],
    ['another content cipher', { enc: 'A128GCM' }],
    ['CBC', { enc: 'A256CBC-HS512' }],
    ['compression', { zip: 'DEF' }],
    ['an unknown extension', { crit: ['b64'], b64: true }],
  ])('%s in the header', async (_what, header) => {
    expect(['not-an-envelope', 'damaged']).toContain(await faultOf(open(sealed(header))))
  })

  test('dir with a key that anyone may know, and a signed JWT', async () => {
    const { kid } = x25519.publicKey
    const shared = randomBytes(32)
    const direct = await new CompactEncrypt(Buffer.from(JSON.stringify(CONTENT)))
      .setProtectedHeader({ ...HEADER, alg: 'dir', enc: 'A256GCM', kid: kid! })
      .encrypt(shared)
    expect(await faultOf(open(direct))).toBe('not-an-envelope')
    expect(await faultOf(open('eyJhbGciOiJub25lIn0.e30.'))).toBe('not-an-envelope')
    for (const text of ['', '....', 'x', '{}', JSON.stringify(CONTENT)]) {
      expect(await faultOf(open(text))).toBe('not-an-envelope')
    }
  })

  test('an ephemeral key of another curve, or none', async () => {
    const foreign = { epk: p256.publicKey }
    expect(await faultOf(open(sealed(foreign)))).toBe('damaged')
    expect(await faultOf(open(sealed({ epk: undefined })))).toBe('damaged')
    const zero = { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') }
    expect(await faultOf(open(sealed({ epk: zero })))).toBe('damaged')
  })

  test('what is no object inside', async () => {
    for (const content of ['text', [1], null]) {
      const jwe = sealByHand(content, x25519.publicKey, HEADER)
      expect(await faultOf(open(jwe))).toBe('not-an-envelope')
    }
  })

  test('without repeating what came', async () => {
    const error = await open(sealed({ id: 'SECRETID' })).catch(caught => caught)
    const told = `${error.message}${error.stack}${JSON.stringify(error)}`
    expect(told).not.toContain('SECRETID')
    expect(told).not.toContain(String(x25519.privateKey.d))
    expect(error.message).toContain('do not take it')
  })
})

describe('a webhook receiver', () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`

  function request(data: unknown) {
    const event = { specversion: '1.0', id: 'del_1', type: 'be.huisbrug.feedback.reachability' }
    const body = Buffer.from(
      JSON.stringify({ ...event, datacontenttype: 'application/jose', data }),
    )
    const seconds = Math.floor(Date.now() / 1000)
    const headers = {
      'webhook-id': 'del_1',
      'webhook-timestamp': String(seconds),
      'webhook-signature': signWebhook(secret, 'del_1', seconds, body),
    }
    return { headers, body }
  }

  function receiver(keys: JWK[]) {
    const events: Envelope[] = []
    const refused: string[] = []
    const receive = createWebhookReceiver({
      secrets: () => [secret],
      encryptionKeys: () => keys,
      seen: new Set<string>(),
      handle: event => events.push(event),
      onRefused: error => refused.push(error.code),
    })
    return { receive, events, refused }
  }

  const seal = (id: string) =>
    sealByHand({ tenantRef: 'tenant-1' }, x25519.publicKey, { typ: 'event+jwe', cty: 'json', id })

  test('passes the data on opened', async () => {
    const { receive, events } = receiver([x25519.privateKey])
    const { headers, body } = request(seal('del_1'))
    expect(await receive(headers, body)).toEqual({ status: 204 })
    expect(events).toMatchObject([
      { id: 'del_1', datacontenttype: 'application/json', data: { tenantRef: 'tenant-1' } },
    ])
  })

  test('answers 500 for a key that it lacks, so that the event comes again', async () => {
    for (const [keys, code] of [
      [[], 'no-keys'],
      [[p256.privateKey], 'unknown-key'],
    ] as const) {
      const { receive, events, refused } = receiver([...keys])
      const { headers, body } = request(seal('del_1'))
      expect(await receive(headers, body)).toEqual({ status: 500 })
      expect({ events, refused }).toEqual({ events: [], refused: [code] })
    }
  })

  test('answers 400 for the data of another event', async () => {
    const { receive, events, refused } = receiver([x25519.privateKey])
    const { headers, body } = request(seal('del_2'))
    expect(await receive(headers, body)).toEqual({ status: 400 })
    expect({ events, refused }).toEqual({ events: [], refused: ['another-message'] })
  })
})
