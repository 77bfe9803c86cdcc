import { randomBytes } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import sodium from 'libsodium-wrappers-sumo'
import {
  deriveRowId,
  deriveRowKey,
  deriveSubjectTag,
  deriveTag,
  tagInfo,
} from '../../src/pseudonym/derive.ts'
import { RouteCipher } from '../../src/pseudonym/route-cipher.ts'
import { encodeContent, NONCE_BYTES, sealRow } from '../../src/pseudonym/row.ts'

// A thread that does for so many people what no implementation can do without, and nothing else: one mapping
// to the group, two multiplications, derive, seal the row, encrypt the reference.

await sodium.ready
const { people } = workerData as { people: number }
const scalars = [0, 1].map(() => sodium.crypto_core_ristretto255_scalar_random())
const uniform = Array.from({ length: people }, () => new Uint8Array(randomBytes(64)))
const info = tagInfo('wm-vdab/1/1')
const cipher = new RouteCipher(randomBytes(32), 'wm-vdab/1/1', 'company-0')
const messageId = 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'
const binding = { domain: 'wm-vdab/1/1', period: '2026-11', messageId }
const content = { tenantGround: 'art-6.1-1-a', referenceDate: '2026-11-01' }

parentPort?.on('message', () => {
  uniform.forEach(sealOne)
  parentPort?.postMessage('done')
})
parentPort?.postMessage('ready')

function sealOne(bytes: Uint8Array, index: number): void {
  const element = sodium.crypto_core_ristretto255_from_hash(bytes)
  const [ofDomain, ofSubject] = scalars.map(scalar =>
    sodium.crypto_scalarmult_ristretto255(scalar, element),
  )
  const { secret } = deriveTag(ofDomain!, info)
  deriveSubjectTag(ofSubject!)
  const rowId = deriveRowId(secret, binding.period)
  const rowKey = deriveRowKey(secret, binding.period)
  sealRow(rowKey, randomBytes(NONCE_BYTES), { ...binding, rowId }, encodeContent(content))
  const reference = `t-bench-${String(index).padStart(6, '0')}`
  cipher.seal(reference)
  cipher.hash(reference)
}
