// A recipient's program of its own, for tests that kill it: prepares a register, tells each batch.
// Arguments: store folder, number of people, batch size, secret key in hexadecimal.
import { prepareRegister, RegisterStore } from '../../src/client/blind.ts'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { keyPairOf } from '../../src/pseudonym/voprf.ts'
import { numbersOf } from './support.ts'

const [folder, count, batchSize, secret] = process.argv.slice(2)
const key = keyPairOf(Buffer.from(secret!, 'hex'))
const store = new RegisterStore(folder!)
// In a thread, as the gateway would be elsewhere: the heap that is limited is the recipient's.
const gateway = new PseudonymPool({ threads: 1 })
let evaluated = 0

function* people() {
  // One at a time: the list of numbers is not what the memory is for.
  for (let start = 0; start < Number(count); start += 998) {
    yield* numbersOf(Math.min(Number(count), start + 998)).slice(start)
  }
}

const progress = await prepareRegister({
  domain: 'wm-vdab/1/1',
  publicKey: key.publicKey,
  store,
  numbers: people(),
  batchSize: Number(batchSize),
  evaluate: async (_domain, blinded) => {
    evaluated += blinded.length
    const { secretKey, publicKey } = key
    return { ...(await gateway.evaluate({ key: secretKey, publicKey, blinded })), publicKey }
  },
  onProgress: ({ added }) => {
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    process.stdout.write(`${JSON.stringify({ added, retained: heapUsed + external })}\n`)
  },
})
await store.preparePeriod('wm-vdab/1/1', '2026-01')
const report = { ...progress, evaluated, held: store.count('wm-vdab/1/1') }
process.stdout.write(`${JSON.stringify(report)}\n`)
await gateway.close()
store.close()
