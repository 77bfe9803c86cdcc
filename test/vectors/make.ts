// Writes webhook.json and assertion.json, made by our own code:
// node test/vectors/make.ts. Other implementations check them in test/guides/languages.test.ts.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { signAssertion, signWebhook } from '../../src/client/index.ts'

const NOW = 1795253400
const ID = 'del_01KAJ5M9B3C4D5E6F7G8H9JKMN'
const secretOf = (name: string) => `whsec_${createHash('sha256').update(name).digest('base64')}`
const [SECRET, FORMER] = [secretOf('vector'), secretOf('vector of before')]
const BODY = JSON.stringify({
  ...{ specversion: '1.0', id: ID, source: 'https://gateway.example' },
  ...{ type: 'be.huisbrug.test', time: '2026-11-21T10:10:00Z', subject: 'Aarschot ë €' },
  ...{ datacontenttype: 'application/json', data: {} },
})

/** Each with what is right: the id of the event, or `refused`. */
export function webhookVectors() {
  const signature = signWebhook(SECRET, ID, NOW, Buffer.from(BODY))
  const former = signWebhook(FORMER, ID, NOW, Buffer.from(BODY))
  const good = {
    secrets: [SECRET],
    id: ID,
    timestamp: String(NOW),
    signature,
    now: NOW,
    body: BODY,
  }
  const cases = [
    { name: 'as it comes', ...good, expect: ID },
    { name: 'five minutes late', ...good, now: NOW + 300, expect: ID },
    { name: 'more than five minutes late', ...good, now: NOW + 301, expect: 'refused' },
    { name: 'more than five minutes early', ...good, now: NOW - 301, expect: 'refused' },
    { name: 'by the second of two secrets', ...good, secrets: [FORMER, SECRET], expect: ID },
    { name: 'two signatures', ...good, signature: `${former} ${signature}`, expect: ID },
    {
      name: 'a signature of a later version first',
      ...good,
      signature: `v2,AAAA ${signature}`,
      expect: ID,
    },
    {
      name: 'of another version only',
      ...good,
      signature: `v2,${signature.slice(3)}`,
      expect: 'refused',
    },
    { name: 'by another secret', ...good, signature: former, expect: 'refused' },
    { name: 'another body', ...good, body: BODY.replace('{}', '{ }'), expect: 'refused' },
    { name: 'another id', ...good, id: `${ID.slice(0, -1)}P`, expect: 'refused' },
    { name: 'another time', ...good, timestamp: String(NOW - 1), expect: 'refused' },
    { name: 'no time', ...good, timestamp: 'now', expect: 'refused' },
    { name: 'no signature', ...good, signature: '', expect: 'refused' },
  ]
  return {
    about: 'Standard Webhooks 1.0: HMAC-SHA256 over id.timestamp.body; now in seconds.',
    cases,
  }
}

/** RFC 8037 appendix A.1: a key that everybody knows. */
export const KEY = {
  ...{ kty: 'OKP', crv: 'Ed25519', kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k' },
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}

/** The assertion has a random jti: what is made once is kept. */
async function assertionVector() {
  const options = { clientId: 'woonboog', audience: 'https://gateway.example/oauth/token' }
  const assertion = await signAssertion({ ...options, privateKey: KEY, at: new Date(NOW * 1000) })
  const { jti } = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString())
  const about =
    'A client assertion (RFC 7523) by the key of RFC 8037 A.1. Ed25519 gives one signature.'
  return { about, ...options, privateKey: KEY, iat: NOW, jti, assertion }
}

if (process.argv[1] === import.meta.filename) {
  const write = (name: string, content: object) =>
    writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(content, null, 2)}\n`)
  write('webhook.json', webhookVectors())
  write('assertion.json', await assertionVector())
}
