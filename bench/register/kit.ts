// The recipient's kit in a process of its own, for bench/parts/register.ts: prepares a register of so many
// people, has the parent evaluate, and tells what memory it took. Arguments: store folder, people, public
// key in hexadecimal.
import { once } from 'node:events'
import { prepareRegister, RegisterStore } from '../../src/client/register.ts'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'

/** What the parent sends back for a batch. */
export interface Evaluated {
  evaluated: Uint8Array[]
  proof: Uint8Array
}

/** What the kit tells: after each batch, and at the end with the most memory it ever had (MB). */
export type Told =
  | { blinded: Uint8Array[] }
  | { added: number; seconds: number; retained: number }
  | { peak: number }

export const DOMAIN = 'wm-vdab/1/1'
const MB = 1024 * 1024

if (process.send) await prepare(process.argv.slice(2))

async function prepare([folder = '', people = '', key = '']: string[]): Promise<void> {
  const publicKey = Buffer.from(key, 'hex')
  const store = new RegisterStore(folder)
  let since = performance.now()
  await prepareRegister({
    domain: DOMAIN,
    publicKey,
    store,
    numbers: numbersOf(Number(people)),
    evaluate: async (_domain, blinded) => {
      tell({ blinded })
      const [reply] = (await once(process, 'message')) as [Evaluated]
      return { ...reply, publicKey }
    },
    onProgress: ({ added }) => {
      const now = performance.now()
      tell({ added, seconds: (now - since) / 1_000, retained: retained() })
      since = now
    },
  })
  await store.preparePeriod(DOMAIN, '2026-01')
  store.close()
  // Kilobytes on every system (libuv).
  tell({ peak: process.resourceUsage().maxRSS / 1024 })
  process.disconnect()
}

/** One at a time, as from a database: the list is not what the memory is for. */
function* numbersOf(people: number): Generator<string> {
  for (let index = 0; index < people; index++) yield syntheticNumber('any-age', index, 0)
}

/** What is held once nothing more can be given back, in MB. */
function retained(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / MB
}

function tell(told: Told): void {
  process.send?.(told)
}
