import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { signWebhook, verifyWebhook, WebhookError } from '../../src/client/index.ts'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`
const OTHER = `whsec_${randomBytes(32).toString('base64')}`
const ID = 'del_01KAJ5M9B3C4D5E6F7G8H9JKMN'
const NOW = new Date()

function envelope(data: object = {}): string {
  return JSON.stringify({ specversion: '1.0', id: ID, type: 'be.huisbrug.test', data })
}

function headers(signature: string, at: Date = NOW, id = ID): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}

function signed(body: string, secret = SECRET, at = NOW): Record<string, string> {
  return headers(signWebhook(secret, ID, Math.floor(at.getTime() / 1000), Buffer.from(body)), at)
}

function faultOf(given: Record<string, string>, body: string, now = NOW): string {
  try {
    verifyWebhook(given, Buffer.from(body), { secrets: [SECRET], now })
    return 'taken'
  } catch (error) {
    return error instanceof WebhookError ? error.code : 'another error'
  }
}

describe('with the standardwebhooks package', () => {
  test('what the package signs is taken', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), data => {
        const body = envelope(data)
        const signature = new Webhook(SECRET).sign(ID, NOW, body)
        const event = verifyWebhook(headers(signature), Buffer.from(body), { secrets: [SECRET] })
        expect(event.data).toEqual(JSON.parse(body).data)
      }),
    )
  })

  test('what the kit signs, the package takes', () => {
    const body = envelope({ tenantRef: 'WB-1', city: 'Aarschot ë' })
    expect(new Webhook(SECRET).verify(body, signed(body))).toEqual(JSON.parse(body))
  })

  test('what the package refuses is refused: another body, secret, id or time in the signature', () => {
    const body = envelope()
    const cases: [Record<string, string>, string][] = [
      [signed(body), envelope({ more: true })],
      [signed(body, OTHER), body],
      [
        { ...signed(body), 'webhook-timestamp': String(Math.floor(NOW.getTime() / 1000) - 1) },
        body,
      ],
    ]
    for (const [given, sent] of cases) {
      expect(() => new Webhook(SECRET).verify(sent, given)).toThrow()
      expect(faultOf(given, sent)).toBe('bad-signature')
    }
  })
})

describe('the time', () => {
  test.each([
    [0, 'taken'],
    [-300, 'taken'],
    [300, 'taken'],
    [-301, 'too-old'],
    [301, 'too-new'],
  ])('%i seconds away: %s', (seconds, expected) => {
    const at = new Date(NOW.getTime() + seconds * 1000)
    expect(faultOf(signed(envelope(), SECRET, at), envelope())).toBe(expected)
  })

  test.each(['', 'yesterday', '1e9', '-5', '99999999999999'])('%p is no time', timestamp => {
    const given = { ...signed(envelope()), 'webhook-timestamp': timestamp }
    expect(['missing-header', 'malformed-header']).toContain(faultOf(given, envelope()))
  })
})

describe('signatures', () => {
  test('any of several counts, whatever the others are', () => {
    const good = signed(envelope())['webhook-signature']
    const bad = signed(envelope(), OTHER)['webhook-signature']
    for (const list of [`${bad} ${good}`, `v2,AAAA ${good}`, `nonsense ${good} ,`]) {
      expect(faultOf(headers(list), envelope())).toBe('taken')
    }
    expect(faultOf(headers(String(bad)), envelope())).toBe('bad-signature')
  })

  test('any of several secrets counts while one is rotated', () => {
    const body = envelope()
    const check = { secrets: [OTHER, SECRET], now: NOW }
    expect(verifyWebhook(signed(body), Buffer.from(body), check).id).toBe(ID)
    expect(verifyWebhook(signed(body, OTHER), Buffer.from(body), check).id).toBe(ID)
  })

  test('no secret, no event', () => {
    const body = envelope()
    const check = () => verifyWebhook(signed(body), Buffer.from(body), { secrets: [], now: NOW })
    expect(check).toThrow('bad-signature')
  })

  test.each(['', 'v1,', 'v1,AAAA', 'v2,AAAA', 'v1'])('%p does not', signature => {
    expect(['missing-header', 'bad-signature']).toContain(faultOf(headers(signature), envelope()))
  })

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('%s must be there', name => {
    const { [name]: _, ...rest } = signed(envelope())
    expect(faultOf(rest, envelope())).toBe('missing-header')
  })

  test('one flipped bit of the body is refused', () => {
    const body = Buffer.from(envelope({ found: 12 }))
    const given = signed(body.toString())
    fc.assert(
      fc.property(fc.nat(body.length * 8 - 1), bit => {
        const changed = Buffer.from(body)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        const check = () => verifyWebhook(given, changed, { secrets: [SECRET], now: NOW })
        expect(check).toThrow(WebhookError)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the envelope', () => {
  test.each([
    'not json',
    '[]',
    'null',
    '{"id":"del_other","type":"be.huisbrug.test"}',
    `{"id":"${ID}"}`,
  ])('%s is refused, though signed', body => {
    expect(faultOf(signed(body), body)).toBe('bad-body')
  })
})
