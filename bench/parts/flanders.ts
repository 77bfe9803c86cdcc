import { type Options, type Part, type Result, type Round, summarise } from '../part.ts'
import { equalSizes } from '../region/people.ts'
import { playRound } from '../region/round.ts'
import { setStage } from '../region/stage.ts'

const TENANTS = 164_500
const COMPANIES = 40
const QUICK = { tenants: 200, companies: 10 }
/** Of a round that takes longer than this, three are enough. */
const LONG_SECONDS = 60
const MOST_LONG_ROUNDS = 3

/** All of Flanders end to end, against ten times a tenth of it in the same system. */
export const part: Part = {
  about: `${TENANTS} tenants of ${COMPANIES} companies ÷ ten times a tenth of them`,
  rounds: 5,
  slow: true,
  run,
}

async function run(options: Options): Promise<Result[]> {
  const { rounds, quick, say } = options
  const { tenants, companies } = quick ? QUICK : { tenants: TENANTS, companies: COMPANIES }
  const stage = await setStage(options, { sizes: equalSizes(tenants, companies) })
  const play = async (senders: number) => {
    const played = await playRound(stage, { companies: senders })
    await stage.database.drop(played.database.name)
    const processor = Object.entries(played.processor)
    const spent = processor.map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`).join(', ')
    say(`  ${played.tenants} tenants: ${played.seconds.toFixed(1)} s; processor ${spent}`)
    return played.seconds
  }
  const measured: Round[] = []
  let wanted = rounds
  // The first of the small ones does not count: it warms up the peers and the disk.
  if (!quick) await play(companies / 10)
  while (measured.length < wanted) {
    const tenth = await play(companies / 10)
    const product = await play(companies)
    measured.push({ product, ceiling: 10 * tenth })
    if (product > LONG_SECONDS) wanted = Math.min(wanted, MOST_LONG_ROUNDS)
  }
  if (wanted < rounds) say(`  ${wanted} rounds, not ${rounds}: one takes longer than a minute`)
  return [summarise('flanders', 's', measured, { most: 1.1 })]
}
