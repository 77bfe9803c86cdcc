import { createPrivateKey, type JsonWebKey, randomUUID } from 'node:crypto'
import { type JWK, SignJWT } from 'jose'
import { generateEncryptionKeyPair, openCall } from '../../src/client/index.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { type TestGateway, until } from '../support/gateway.ts'
import type { Received } from '../support/peer.ts'
import { testKey } from '../support/statements.ts'
import { openByHand } from './by-hand.ts'
import {
  detect,
  handOversOf,
  hurry,
  openGateway,
  register,
  untilState,
  withKey,
} from './support.ts'

let gateway: TestGateway

beforeAll(async () => {
  ;({ gateway } = await openGateway())
})
beforeEach(async () => {
  await register(gateway, 'vdab', [])
  await gateway.db.pool.query('DELETE FROM circuit')
  gateway.vdab.received.length = 0
  gateway.vdab.reply = () => ({ status: 202, body: {} })
})
afterAll(async () => {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
  await gateway.close()
})

const key = (call: Received) => String(call.headers['idempotency-key'])

/** All that the database knows of the persons of a request, as it would be on the wire. */
async function secretsOf(messageId: string): Promise<string[]> {
  const { rows } = await gateway.db.pool.query<Record<string, Buffer>>(
    'SELECT row_id, tag, ciphertext FROM detection_row WHERE message_id = $1',
    [messageId],
  )
  return rows.flatMap(row =>
    Object.values(row).flatMap(value => [value.toString('base64url'), value.toString('base64')]),
  )
}

test.each(['X25519', 'P-256'] as const)('rows go sealed for a key of %s', async curve => {
  const pair = await withKey(gateway, 'vdab', curve)
  gateway.vdab.reply = () => ({ status: 503 })
  const { messageId, people } = await detect(gateway)
  await untilState(gateway, messageId, 'retrying')
  const secrets = await secretsOf(messageId)
  expect(secrets).toHaveLength(18)
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  await gateway.db.pool.query('DELETE FROM circuit')
  await hurry(gateway)
  await untilState(gateway, messageId, 'delivered')
  const [first, again, ...more] = gateway.vdab.to('/api/detections')
  expect(more).toEqual([])
  for (const call of [first!, again!]) {
    expect(call.headers['content-type']).toBe('application/jose')
    expect(key(call)).toBe(messageId)
    const seen = [call.raw, Buffer.from(call.raw, 'base64url').toString('latin1')]
    const hidden = [...secrets, ...people.flatMap(one => [one.insz, one.tenantRef]), 'rowId']
    expect(hidden.filter(text => seen.some(raw => raw.includes(text)))).toEqual([])
    const { header, content } = openByHand(call.raw, pair.privateKey)
    const { epk, ...rest } = header
    expect(epk).toMatchObject({ crv: curve })
    expect(rest).toEqual({
      ...{ alg: 'ECDH-ES', enc: 'A256GCM', kid: pair.publicKey.kid },
      ...{ typ: 'call+jwe', cty: 'json', id: messageId },
    })
    expect(content).toMatchObject({ messageId, protocol: 'wm-vdab', rows: [{}, {}, {}] })
    expect(await openCall(call.raw, key(call), [pair.privateKey])).toEqual(content)
    // Without `+`, `/` and padding both spellings of a value are one.
    const shown = secrets.filter(text => JSON.stringify(content).includes(text))
    expect(new Set(shown).size).toBe(6)
  }
  // A try has an ephemeral key and a nonce of its own, the same content and the same key to know it by.
  const opened = [first!, again!].map(call => openByHand(call.raw, pair.privateKey))
  expect(opened[0]!.content).toEqual(opened[1]!.content)
  expect(opened[0]!.header['epk']).not.toEqual(opened[1]!.header['epk'])
  expect(first!.raw.split('.')[2]).not.toBe(again!.raw.split('.')[2])
})

test('the end of a tenancy and progress go sealed too, each bound to its call', async () => {
  const pair = await withKey(gateway, 'vdab')
  const { messageId, people } = await detect(gateway)
  await untilState(gateway, messageId, 'delivered')
  const { messageId: endId } = await gateway.clients.woonboog.tenanciesEnded({
    protocol: 'wm-vdab',
    items: [{ tenantRef: people[0]!.tenantRef, endedOn: new Date().toISOString().slice(0, 10) }],
  })
  const end = await until('the end is told', () => gateway.vdab.to('/api/tenancies/ended')[0])
  expect(await openCall(end.raw, endId, [pair.privateKey])).toMatchObject({
    messageId: endId,
    items: [{}],
  })
  const request = gateway.vdab.to('/api/detections')[0]!
  await expect(openCall(request.raw, key(end), [pair.privateKey])).rejects.toMatchObject({
    code: 'another-message',
  })
})

test('without a key nothing leaves, one that only signs is none; it goes once there is one', async () => {
  const { messageId } = await detect(gateway)
  await untilState(gateway, messageId, 'retrying')
  expect(await handOversOf(gateway, messageId)).toMatchObject([{ reason: 'no-encryption-key' }])
  expect(gateway.vdab.received).toEqual([])
  const { state, transitions } = await gateway.clients.woonboog.message(messageId)
  expect(state).toBe('retrying')
  expect(transitions).toContainEqual(expect.objectContaining({ code: 'no-encryption-key' }))
  const { rows } = await gateway.db.pool.query(
    `SELECT (SELECT count(*) FROM audit_pending WHERE position($1 IN entry) > 0)
       + (SELECT count(*) FROM audit_entry WHERE position($1 IN entry) > 0) AS entries`,
    [Buffer.from('"reason":"no-encryption-key"')],
  )
  expect(Number(rows[0].entries)).toBe(1)
  const pair = await withKey(gateway, 'vdab')
  await hurry(gateway)
  await untilState(gateway, messageId, 'delivered')
  const [call] = gateway.vdab.to('/api/detections')
  expect(openByHand(call!.raw, pair.privateKey).content).toMatchObject({ messageId })
})

test('after the last try it is parked, for that reason', async () => {
  const { messageId } = await detect(gateway)
  await untilState(gateway, messageId, 'retrying')
  await gateway.db.pool.query(
    'UPDATE hand_over SET attempts = 200, attempts_before = 0 WHERE message_id = $1',
    [messageId],
  )
  await hurry(gateway)
  await untilState(gateway, messageId, 'parked')
  expect(await handOversOf(gateway, messageId)).toMatchObject([{ reason: 'no-encryption-key' }])
  expect(gateway.vdab.received).toEqual([])
})

test('a new key takes over at once, and the former one still opens what was sent for it', async () => {
  const former = await withKey(gateway, 'vdab')
  gateway.vdab.reply = () => ({ status: 503 })
  const { messageId } = await detect(gateway)
  await untilState(gateway, messageId, 'retrying')
  const next = await generateEncryptionKeyPair('P-256')
  await register(gateway, 'vdab', [next], 3_600_000)
  const view = await gateway.context.parties.show('vdab')
  const encryption = view.keys.filter(({ algorithms }) => algorithms.includes('ECDH-ES'))
  expect(encryption.map(({ kid, until }) => [kid, until === undefined])).toEqual([
    [next.publicKey.kid, true],
    [former.publicKey.kid, false],
  ])
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  await gateway.db.pool.query('DELETE FROM circuit')
  await hurry(gateway)
  await untilState(gateway, messageId, 'delivered')
  const [before, after] = gateway.vdab.to('/api/detections')
  const both = [next.privateKey, former.privateKey]
  expect(await openCall(before!.raw, messageId, both)).toEqual(
    await openCall(after!.raw, messageId, both),
  )
  expect(() => openByHand(after!.raw, former.privateKey)).toThrow()
  expect(openByHand(after!.raw, next.privateKey).header['kid']).toBe(next.publicKey.kid)
  // Out of the set for good: the former key counts no more, not even where no other is left.
  await register(gateway, 'vdab', [], 0)
  expect(await gateway.context.parties.encryptionKeyOf('vdab')).toBeUndefined()
})

test('of two keys in one set the first is used', async () => {
  const pairs = [await generateEncryptionKeyPair(), await generateEncryptionKeyPair('P-256')]
  for (const order of [pairs, pairs.toReversed()]) {
    await register(gateway, 'vdab', order)
    const found = await gateway.context.parties.encryptionKeyOf('vdab')
    expect(found?.kid).toBe(order[0]!.publicKey.kid)
  }
})

test('an encryption key opens no door', async () => {
  const pair = await withKey(gateway, 'vdab', 'P-256')
  const party = (await gateway.context.parties.find('vdab'))!
  expect(await gateway.context.parties.findKey(party, pair.publicKey.kid!)).toBeUndefined()
  const kids = (await gateway.context.parties.keysOf(party)).map(({ kid }) => kid)
  expect(kids).not.toContain(pair.publicKey.kid)
  expect(await tokenStatus(testKey('vdab').privateKey, 'EdDSA')).toBe(200)
  expect(await tokenStatus(pair.privateKey, 'ES256')).toBe(401)
})

/** What the token endpoint says to an assertion of VDAB, signed with this key. */
async function tokenStatus(privateKey: JWK, alg: string): Promise<number> {
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg, kid: privateKey.kid! })
    .setIssuer('vdab')
    .setSubject('vdab')
    .setAudience(`${gateway.url}/oauth/token`)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(createPrivateKey({ key: privateKey as JsonWebKey, format: 'jwk' }))
  const { status } = await fetch(`${gateway.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'vdab',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  })
  return status
}
