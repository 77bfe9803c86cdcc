/** What the command line asks of every part. */
export interface Options {
  /** Rounds to measure; each round measures both sides, one right after the other. */
  rounds: number
  /** Only to see that it runs: the figures mean nothing. */
  quick: boolean
  /** Entries of the audit log, for parts that fill one: 10,000,000 where nobody asks for less. */
  entries: number
  /** Minutes of steady load, for the part that looks at memory over time; absent: none. */
  soak?: number | undefined
  /** Aborted on Ctrl-C; a part needs it only where it would go on for long without awaiting anything that ends. */
  signal: AbortSignal
  /**
   * Keeps work for the end of the part, whether it ended well, failed or was interrupted: folders and
   * databases to remove, processes to end. What was given last is done first; what fails is passed over.
   */
  atEnd(work: () => Promise<unknown> | unknown): void
  /** Tells people how far it is (on stderr). */
  say(line: string): void
}

/** What the ratio, or else the value, is to be: at least or at most. To be beaten. */
export interface Aim {
  least?: number
  most?: number
  /** Of what; the ratio where it does not say. */
  of?: 'ratio' | 'value'
}

/** One figure, beside the best that could be had on the same machine in the same run. */
export interface Result {
  /** The part's name for its main figure, `part, what it is` for any other. */
  name: string
  /** Median over the rounds of what the product does, in `unit`. */
  value: number
  unit: string
  /** Median over the same rounds of what cannot be done without, in `unit`. */
  ceiling: number
  /** Median over the rounds of the product's figure divided by that of its own round. */
  ratio: number
  /** The least and the largest such ratio of a round. */
  spread: { min: number; max: number }
  aim?: Aim
  /** Whether it does what was aimed at; told by the harness where the part does not. */
  meets?: boolean
}

/** A measurement: each file of bench/parts exports one as `part`. */
export interface Part {
  /** What is measured against what, in one line. */
  about: string
  /** Rounds where nobody asks for another number; 40 where it does not say, 5 or more for a long one. */
  rounds?: number
  /** Whether it takes minutes to make ready, so that it is not done more often than needed. */
  slow?: boolean
  run(options: Options): Promise<Result[]> | Result[]
}

/** One round: the same work done by the product, and by what is compared with. */
export interface Round {
  product: number
  ceiling: number
}

/** One side of a round: does the work once and gives its figure. */
export type Side = () => Promise<number> | number

/** Rounds of both sides after some that do not count; neither side is always the one that goes first. */
export async function alternate(
  rounds: number,
  warm: number,
  product: Side,
  ceiling: Side,
): Promise<Round[]> {
  const measured: Round[] = []
  for (let round = 0; round < warm + rounds; round += 1) {
    const productFirst = round % 2 === 0
    const first = await (productFirst ? product() : ceiling())
    const second = await (productFirst ? ceiling() : product())
    const both = productFirst ? [first, second] : [second, first]
    if (round >= warm) measured.push({ product: both[0] ?? 0, ceiling: both[1] ?? 0 })
  }
  return measured
}

/** Sums up rounds by their medians; the ratio is that of the rounds, not of the medians. */
export function summarise(name: string, unit: string, rounds: readonly Round[], aim?: Aim): Result {
  const ratios = rounds.map(({ product, ceiling }) => product / ceiling)
  const result = {
    name,
    value: round(median(rounds.map(({ product }) => product))),
    unit,
    ceiling: round(median(rounds.map(({ ceiling }) => ceiling))),
    ratio: round(median(ratios)),
    spread: { min: round(Math.min(...ratios)), max: round(Math.max(...ratios)) },
  }
  return aim ? withAim(result, aim) : result
}

/** A figure with what it is to be, and whether it is. */
export function withAim(result: Result, aim: Aim): Result {
  const figure = result[aim.of ?? 'ratio']
  const meets = figure >= (aim.least ?? -Infinity) && figure <= (aim.most ?? Infinity)
  return { ...result, aim, meets }
}

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN
  return (low + high) / 2
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}
