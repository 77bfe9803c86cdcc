// A recipient's program of its own, for tests that kill it: prepares a register and reports each batch.
// Arguments: store folder, number of people, batch size, secret key in hexadecimal.
import { prepareRegister, RegisterStore } from '../../src/client/blind.ts'
import { evaluateBatch, keyPairOf } from '../../src/pseudonym/voprf.ts'
import { numbersOf } from './support.ts'

const [folder, count, batchSize, secret] = process.argv.slice(2)
const key = keyPairOf(Buffer.from(secret!, 'hex'))
const store = new RegisterStore(folder!)
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
    return { ...evaluateBatch(key, blinded), publicKey: key.publicKey }
  },
  onProgress: ({ added }) => process.stdout.write(`${JSON.stringify({ added })}\n`),
})
await store.preparePeriod('wm-vdab/1/1', '2026-01')
const { heapUsed, external, arrayBuffers } = process.memoryUsage()
const held = store.count('wm-vdab/1/1')
const report = { ...progress, evaluated, held, heapUsed, external, arrayBuffers }
process.stdout.write(`${JSON.stringify(report)}\n`)
store.close()
