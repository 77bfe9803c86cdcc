import { randomBytes } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import {
  deriveRowId,
  deriveRowKey,
  deriveSubjectTag,
  deriveTag,
  inputOf,
  tagInfo,
} from '../../src/pseudonym/derive.ts'
import { RouteCipher } from '../../src/pseudonym/route-cipher.ts'
import { encodeContent, NONCE_BYTES, sealRow } from '../../src/pseudonym/row.ts'
import { evaluateWith, generateKeyPair, VOPRF } from '../../src/pseudonym/voprf.ts'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'

// What cannot be done without for each tenant, and nothing around it: no message, no packing.

const DOMAIN = 'wm-vdab/1/1'
const PERIOD = '2026-11'
const MESSAGE = 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'
const CONTENT = { tenantGround: 'art-6.1-1-a', referenceDate: '2026-11-01' }
const KEYS = { domain: generateKeyPair().secretKey, subject: generateKeyPair().secretKey }
const INFO = tagInfo(DOMAIN)
const CIPHER = new RouteCipher(randomBytes(32), DOMAIN, 'company-0')

/** Both keys evaluated, tags and row key derived, the row sealed, the reference encrypted and hashed. */
function sealTenant(number: string, reference: string) {
  const input = inputOf(number)
  const element = VOPRF.hashToGroup(input)
  const { tag, secret } = deriveTag(evaluateWith(KEYS.domain, input, element), INFO)
  const subjectTag = deriveSubjectTag(evaluateWith(KEYS.subject, input, element))
  const rowId = deriveRowId(secret, PERIOD)
  const binding = { domain: DOMAIN, period: PERIOD, messageId: MESSAGE, rowId }
  const nonce = randomBytes(NONCE_BYTES)
  const row = sealRow(deriveRowKey(secret, PERIOD), nonce, binding, encodeContent(CONTENT))
  return {
    tag,
    subjectTag,
    rowId,
    row,
    route: CIPHER.seal(reference),
    routeHash: CIPHER.hash(reference),
  }
}

const port = parentPort
port?.on('message', (tenants: number) => {
  const numbers = Array.from({ length: tenants }, (_, i) => syntheticNumber('working-age', i, 0))
  const started = performance.now()
  let sealed = 0
  for (const [i, number] of numbers.entries())
    sealed += sealTenant(number, `H-${i}`).rowId.length > 0 ? 1 : 0
  port.postMessage({ sealed, ms: performance.now() - started })
})
