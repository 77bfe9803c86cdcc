import { toJwks } from '../../src/client/index.ts'
import { readConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { startGateway } from '../../src/gateway.ts'
import { newId } from '../../src/ids.ts'
import { createLogger } from '../../src/log.ts'
import { type Peer, startPeer } from '../../test/support/peer.ts'
import { testKey } from '../../test/support/statements.ts'
import { alternate, type Options, type Part, summarise } from '../part.ts'
import { scratchFolder } from '../scratch.ts'

const COMPANIES = Array.from({ length: 40 }, (_, i) => `company-${i}`)
const DEAD = 'company-0'
const SLOW = 'company-1'
const WELL = COMPANIES.slice(2)
/** Events for each company, every round. */
const EACH = 10
const SLOW_MS = 2_000

/**
 * The time that events for 38 housing companies take to arrive, while one of forty never answers and one
 * answers after two seconds, against the same without those two.
 */
export const part: Part = {
  rounds: 10,
  about: 'hand-over of 38 companies beside a dead and a slow one ÷ without them',
  run,
}

async function run(options: Options) {
  const { rounds, quick, say } = options
  const scene = await open(options)
  const share = async (beside: string[], pick: (sorted: number[]) => number) => {
    const times = await scene.round(beside)
    return pick(times.toSorted((a, b) => a - b))
  }
  const results = []
  for (const [name, at, aim] of [
    ['fairness', 0.99, { most: 1.5 }],
    ['fairness, p50', 0.5, undefined],
  ] as const) {
    const pick = (sorted: number[]) => sorted[Math.ceil(sorted.length * at) - 1] ?? Number.NaN
    const measured = await alternate(
      rounds,
      quick ? 1 : 3,
      () => share([DEAD, SLOW], pick),
      () => share([], pick),
    )
    say(`  ${name}: ${measured.length} rounds of ${WELL.length * EACH} events`)
    results.push(summarise(name, 'ms', measured, aim))
  }
  return results
}

async function open(options: Options) {
  const folder = scratchFolder(options)
  const config = readConfig({
    HUISBRUG_PORT: '0',
    HUISBRUG_DATA_DIR: folder,
    HUISBRUG_PROTOCOLS_DIR: folder,
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_ROLES: 'worker,sequencer',
    HUISBRUG_LOG_LEVEL: 'error',
  })
  const gateway = await startGateway(config, createLogger('error'))
  options.atEnd(() => gateway.close())
  const peers = { well: await startPeer(), dead: await startPeer(), slow: await startPeer() }
  options.atEnd(() => Promise.all(Object.values(peers).map(peer => peer.close())))
  peers.dead.reply = () => 'hang'
  peers.slow.reply = () =>
    new Promise(resolve => setTimeout(() => resolve({ status: 204 }), SLOW_MS))
  await join40(gateway.context, peers)
  return { round: (beside: string[]) => round(gateway.context, peers.well, beside) }
}

async function join40(context: Context, peers: Record<'well' | 'dead' | 'slow', Peer>) {
  const set = toJwks(testKey('bench'))
  for (const id of COMPANIES) {
    const peer = id === DEAD ? peers.dead : id === SLOW ? peers.slow : peers.well
    const kbo = '0999000327'
    const webhook = `${peer.url}/${id}`
    await context.parties.add({
      id,
      kind: 'housing-company',
      name: id,
      kbo,
      jwks: { set },
      webhook,
    })
  }
}

/** Milliseconds until each event of the companies that are well arrived. */
async function round(context: Context, well: Peer, beside: string[]): Promise<number[]> {
  // As bad as it gets: those that fail have work waiting, and nobody has found out about them yet.
  await context.pool.query('DELETE FROM circuit')
  await context.pool.query(
    `UPDATE hand_over SET due_at = CASE WHEN destination = ANY($1) THEN now() ELSE 'infinity' END
     WHERE state = 'retrying'`,
    [beside],
  )
  well.received.length = 0
  const started = Date.now()
  await queue(context, [...beside, ...WELL])
  void context.wakeUps.wake([...beside, ...WELL])
  const arrived = () => new Set(well.received.map(({ headers }) => headers['webhook-id'])).size
  while (arrived() < WELL.length * EACH) {
    if (Date.now() - started > 60_000) throw new Error('not everything arrived in a minute')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return well.received.map(({ at }) => at - started)
}

async function queue(context: Context, parties: string[]): Promise<void> {
  const to = parties.flatMap(party => Array.from({ length: EACH }, () => party))
  await context.pool.query(
    `INSERT INTO hand_over (id, destination, kind, event, counted, items, state, due_at, created_at)
     SELECT id, party, 'event', 'be.huisbrug.test', false, 0, 'queued', now(), now()
     FROM unnest($1::text[], $2::text[]) AS n (id, party)`,
    [to.map(() => newId('del', new Date())), to],
  )
}
