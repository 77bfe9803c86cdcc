/** Two series of times, milliseconds, compared. */
export interface Comparison {
  name: string
  rounds: number
  medians: [number, number]
  /** Of the means without the tenth at either end: the second less the first, with its 95% interval. */
  difference: number
  interval: [number, number]
  /** Share of pairs in which the first takes longer, ties for half (Mann-Whitney): 0.5 tells nothing apart. */
  firstLonger: number
  isGross: boolean
}

const TRIM = 0.1
const Z_95 = 1.96
// What a stranger would see at a glance, and what no load of this machine makes of two equal answers in turn.
const GROSS_TIMES = 2
const GROSS_MS = 1
const GROSS_SHARE = 0.25

/** Compares two series of equal length. */
export function compare(name: string, first: number[], second: number[]): Comparison {
  const medians: [number, number] = [medianOf(first), medianOf(second)]
  const [a, b] = [trimmed(first), trimmed(second)]
  const difference = b.mean - a.mean
  const reach = Z_95 * Math.hypot(a.error, b.error)
  const [low = 0, high = 0] = medians.toSorted((one, other) => one - other)
  const firstLonger = shareLonger(first, second)
  return {
    ...{ name, rounds: first.length, medians: medians.map(round) as [number, number] },
    difference: round(difference),
    interval: [round(difference - reach), round(difference + reach)],
    firstLonger: round(firstLonger),
    isGross:
      high > GROSS_TIMES * low &&
      high - low > GROSS_MS &&
      Math.abs(firstLonger - 0.5) > GROSS_SHARE,
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

/** The trimmed mean and its standard error, from the winsorised variance (Yuen 1974). */
function trimmed(values: readonly number[]): { mean: number; error: number } {
  const sorted = values.toSorted((one, other) => one - other)
  const cut = Math.floor(sorted.length * TRIM)
  const kept = sorted.slice(cut, sorted.length - cut)
  const [low = 0, high = 0] = [kept[0], kept.at(-1)]
  const winsorised = sorted.map(value => Math.min(Math.max(value, low), high))
  const spread = Math.sqrt(variance(winsorised) / sorted.length)
  return { mean: meanOf(kept), error: spread / (1 - 2 * TRIM) }
}

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function variance(values: readonly number[]): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
}

function shareLonger(first: readonly number[], second: readonly number[]): number {
  const sorted = second.toSorted((one, other) => one - other)
  let sum = 0
  for (const value of first)
    sum += (placeOf(sorted, value, false) + placeOf(sorted, value, true)) / 2
  return sum / (first.length * second.length)
}

/** How many are less than a value, or also equal to it. */
function placeOf(sorted: readonly number[], value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const one = sorted[middle] ?? 0
    if (one < value || (orEqual && one === value)) low = middle + 1
    else high = middle
  }
  return low
}

const round = (value: number) => Math.round(value * 1_000) / 1_000
