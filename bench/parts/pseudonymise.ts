import { randomBytes } from 'node:crypto'
import sodium from 'libsodium-wrappers-sumo'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { generateKeyPair } from '../../src/pseudonym/voprf.ts'
import { alternate, type Options, type Part, type Side, summarise } from '../part.ts'

/** As many as a message may hold. */
const PEOPLE = 1_000
const WARM_ROUNDS = 4

/**
 * National numbers to pseudonyms, as a message has it done: in a thread, with the messages to and from
 * it. Against the group operations alone that no implementation can do without, in this thread: one
 * mapping to the group and two multiplications a person.
 */
export const part: Part = { about: `${PEOPLE} people, the pool ÷ bare libsodium`, run }

async function run({ rounds, quick, atEnd, say }: Options) {
  await sodium.ready
  const people = quick ? 20 : PEOPLE
  const pools = [1, 2].map(threads => new PseudonymPool({ threads }))
  atEnd(() => Promise.all(pools.map(pool => pool.close())))
  const [one, two] = pools as [PseudonymPool, PseudonymPool]
  const warm = quick ? 1 : WARM_ROUNDS
  const inOne = () => pseudonymise(one, people, false)
  const inTwo = () => pseudonymise(two, people, false)
  const withRows = () => pseudonymise(one, people, true)
  const plain = await alternate(rounds, warm, inOne, bare(people))
  say(`  plain: ${rounds} rounds of ${people} people`)
  const sealed = await alternate(rounds, warm, withRows, bare(people))
  say(`  with sealing: ${rounds} rounds`)
  const shared = await alternate(rounds, warm, inTwo, inOne)
  say(`  two threads against one: ${rounds} rounds`)
  return [
    summarise('pseudonymise', 'people a second', plain, { least: 0.8 }),
    summarise('pseudonymise, sealed', 'people a second', sealed, { least: 0.65 }),
    summarise('pseudonymise, two threads ÷ one', 'people a second', shared, { least: 1.6 }),
  ]
}

/** People a second through the pool. */
async function pseudonymise(pool: PseudonymPool, people: number, seals: boolean): Promise<number> {
  const numbers = Array.from({ length: people }, (_, index) => String(index).padStart(11, '0'))
  const plaintexts = numbers.map(() => ({
    tenantGround: 'art-6.1-1-a',
    referenceDate: '2026-11-01',
  }))
  const sealing = { period: '2026-11', messageId: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', plaintexts }
  const keys = { domainKey: DOMAIN.secretKey, subjectKey: SUBJECT.secretKey }
  const request = { domain: 'wm-vdab/1/1', ...keys, insz: numbers }
  const start = performance.now()
  const made = await (seals
    ? pool.pseudonymise({ ...request, sealing })
    : pool.pseudonymise(request))
  const seconds = (performance.now() - start) / 1_000
  if (made.length !== people) throw new Error('people are missing')
  return people / seconds
}

const DOMAIN = generateKeyPair()
const SUBJECT = generateKeyPair()

/** People a second if there were nothing but the group operations. */
function bare(people: number): Side {
  const uniform = Array.from({ length: people }, () => new Uint8Array(randomBytes(64)))
  return () => {
    const start = performance.now()
    for (const bytes of uniform) {
      const element = sodium.crypto_core_ristretto255_from_hash(bytes)
      sodium.crypto_scalarmult_ristretto255(DOMAIN.secretKey, element)
      sodium.crypto_scalarmult_ristretto255(SUBJECT.secretKey, element)
    }
    return people / ((performance.now() - start) / 1_000)
  }
}
