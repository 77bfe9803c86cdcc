/** A sum of counts, by their index, that has a known value. */
export interface KnownSum {
  of: readonly number[]
  value: number
}

/**
 * Every way in which `size` counts, whole and at most `cap`, can have these sums, one after the other.
 * For small tables: it tries them all.
 */
export function* solutionsOf(size: number, known: readonly KnownSum[], cap: number) {
  const counts: number[] = []
  const left = known.map(({ value }) => value)
  const sumsOf = Array.from({ length: size }, (_, at) =>
    known.flatMap(({ of }, sum) =>
      of.includes(at) ? [{ sum, last: Math.max(...of) === at }] : [],
    ),
  )
  function* step(at: number): Generator<readonly number[]> {
    if (at === size) {
      yield counts
      return
    }
    const sums = sumsOf[at] ?? []
    const most = Math.min(cap, ...sums.map(({ sum }) => left[sum] ?? 0))
    const least = Math.max(0, ...sums.flatMap(({ sum, last }) => (last ? [left[sum] ?? 0] : [])))
    for (let count = least; count <= most; count++) {
      counts[at] = count
      for (const { sum } of sums) left[sum] = (left[sum] ?? 0) - count
      yield* step(at + 1)
      for (const { sum } of sums) left[sum] = (left[sum] ?? 0) + count
    }
  }
  yield* step(0)
}
