import { randomBytes } from 'node:crypto'
import sodium from 'libsodium-wrappers-sumo'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { generateKeyPair, MAX_BATCH } from '../../src/pseudonym/voprf.ts'
import { alternate, type Options, type Part, summarise } from '../part.ts'

const WARM_ROUNDS = 2

/**
 * A blind batch with its proof, in one thread. Against bare multiplications, in this thread: two an
 * element, for a proof over a batch (RFC 9497, 2.2.1) weighs each element and so multiplies it again.
 */
export const part: Part = {
  about: `${MAX_BATCH} elements with one proof ÷ two bare multiplications each`,
  run,
}

async function run({ rounds, quick, atEnd, say }: Options) {
  await sodium.ready
  const elements = quick ? 20 : MAX_BATCH
  const pool = new PseudonymPool({ threads: 1 })
  atEnd(() => pool.close())
  const { secretKey, publicKey } = generateKeyPair()
  const blinded = Array.from({ length: elements }, () =>
    sodium.crypto_core_ristretto255_from_hash(new Uint8Array(randomBytes(64))),
  )
  const product = async () => {
    const start = performance.now()
    const { evaluated } = await pool.evaluate({ key: secretKey, publicKey, blinded })
    if (evaluated.length !== elements) throw new Error('elements are missing')
    return elements / ((performance.now() - start) / 1_000)
  }
  const ceiling = () => {
    const start = performance.now()
    for (const element of blinded) {
      sodium.crypto_scalarmult_ristretto255(secretKey, element)
      sodium.crypto_scalarmult_ristretto255(secretKey, element)
    }
    return elements / ((performance.now() - start) / 1_000)
  }
  const measured = await alternate(rounds, quick ? 1 : WARM_ROUNDS, product, ceiling)
  say(`  ${rounds} rounds of ${elements} elements`)
  return [summarise('blind-batch', 'elements a second', measured, { least: 0.7 })]
}
