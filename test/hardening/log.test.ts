import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { SignJWT } from 'jose'
import { createLogger } from '../../src/log.ts'
import { REDACTED, redactLine, redactMember } from '../../src/log-redact.ts'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'

const LEVELS = ['error', 'warn', 'info', 'debug'] as const
const key = generateKeyPairSync('ed25519').privateKey
const jwk = key.export({ format: 'jwk' })
const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString()
const random = (bytes = 32) => randomBytes(bytes).toString('base64url')
const jwt = await new SignJWT({ sub: 'woonboog' }).setProtectedHeader({ alg: 'EdDSA' }).sign(key)
const [head, , signature] = jwt.split('.')
const number = syntheticNumber('any-age', 7, 0)
const dotted = number.replace(/(..)(..)(..)(...)(..)/, '$1.$2.$3-$4.$5')
const opaque = random()

/** What is a secret whatever its name, and the part of it that must not be in a line. */
const BY_FORM: Record<string, [text: string, secret: string]> = {
  'a national number': [number, number],
  'a national number as people write it': [dotted, dotted],
  'a token': [jwt, String(signature)],
  'a detached signature': [`${head}..${signature}`, String(signature)],
  'a webhook secret': [`whsec_${randomBytes(32).toString('base64')}`, 'whsec_'],
  'a token of a person': [`hbp_${opaque}`, opaque],
  'a session': [`ses_${opaque.slice(0, 16)}`, opaque.slice(0, 16)],
  'a bearer of anything': [`Authorization: Bearer ${opaque}`, opaque],
  'a private key as JWK': [JSON.stringify({ keys: [jwk] }), String(jwk.d)],
  'a private key as PEM': [pem, String(pem.split('\n')[1])],
  'the password of a database': [`postgres://huisbrug:${opaque}@db:5432/huisbrug`, opaque],
  'a sign-in link': [`https://gateway.example/console/aanmelden?link=${opaque}`, opaque],
}

/** What goes by a name that nothing may be logged under. */
const BY_NAME = [
  ...['authorization', 'Cookie', 'set-cookie', 'password', 'client_secret', 'webhookSecret'],
  ...['masterKey', 'access_token', 'clientAssertion', 'insz', 'tenantRef', 'tag', 'subjectTag'],
  ...['rowId', 'nonce', 'body', 'payload', 'X-CSRF-Token'],
]

function logWith(work: (log: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).trim().split('\n'))
      done()
    },
  })
  work(createLogger('debug', sink))
  return lines
}

describe('the log takes out what nobody should have given it', () => {
  test.each(Object.entries(BY_FORM))('%s, wherever it is put', (_, [text, secret]) => {
    const lines = logWith(log => {
      for (const level of LEVELS) {
        log[level](`before ${text} after`)
        log[level]('x', { it: text, deep: [{ er: [`(${text})`] }] })
        log[level]('x', { [text]: 1 })
        log[level]('x', new Error(text))
        log[level](new Error(text))
        log[level]({ message: text, detail: { cause: new Error(text) } })
        log[level]('x', { error: Object.assign(new Error(text), { detail: text }) })
      }
    })
    expect(lines).toHaveLength(LEVELS.length * 7)
    for (const line of lines) {
      expect(line).not.toContain(secret)
      expect(line).toContain(REDACTED)
      // Still one line of JSON, with its level.
      expect(LEVELS).toContain(JSON.parse(line).level)
    }
  })

  test.each(BY_NAME)('what is named %s', name => {
    const lines = logWith(log => {
      for (const level of LEVELS) {
        log[level]('x', { [name]: 'plain-value', deep: { [name]: ['plain-value'] } })
      }
    })
    for (const line of lines) expect(line).not.toContain('plain-value')
    expect(lines).toHaveLength(LEVELS.length)
  })

  test('bytes, also as part of something', () => {
    const bytes = Buffer.from('12345')
    const [line = ''] = logWith(log => log.info('x', { a: bytes, b: [new Uint8Array(bytes)] }))
    expect(JSON.parse(line)).toMatchObject({ a: REDACTED, b: [REDACTED] })
  })

  test('and leaves what it is for: ids, codes, counts, times, places', () => {
    const fields = {
      requestId: 'req_01KAJ5X2Q0M3N4P5R6S7T8V9W0',
      messageId: 'msg_01KAJ5X2Q000000000000000000',
      code: 'HB-901',
      rows: 12345678901,
      tokens: 3,
      ms: 1763732756123,
      at: '2026-11-21T13:45:56.123Z',
      stack: ['    at work (file:///srv/huisbrug/src/http/app.ts:93:15)'],
      url: 'https://gateway.example:8443/v1/messages?limit=100',
      digest: 'q3J0mK1rZ0vY8c7dXw2bTnFhLsPaGeUi5o9RkWzQx4A',
    }
    const [line = ''] = logWith(log => log.info('a request failed', fields))
    expect(JSON.parse(line)).toMatchObject({ ...fields, message: 'a request failed' })
  })

  test('it costs little: thousands of lines in the time of one request', () => {
    const fields = { requestId: 'req_01KAJ5X2Q0M3N4P5R6S7T8V9W0', destination: 'vdab', ms: 12 }
    const text = JSON.stringify({ level: 'info', message: 'handed over', ...fields })
    const time = (work: () => void) => {
      const start = performance.now()
      for (let turn = 0; turn < 2_000; turn++) work()
      return (performance.now() - start) / 2
    }
    time(() => redactLine(text))
    // Microseconds a line; 8 on an idle machine.
    expect(time(() => redactLine(JSON.stringify(fields, redactMember)))).toBeLessThan(100)
  })
})

test('an id of ours stays whole, whatever digits it holds; a number beside it does not', () => {
  const id = 'del_019DB8956385073003328AFA30'
  expect(redactLine(`{"handOver":"${id}","n":"85073003328"}`)).toBe(
    `{"handOver":"${id}","n":"${REDACTED}"}`,
  )
})
