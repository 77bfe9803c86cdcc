/** A count as it may be published; `found` is absent where it is suppressed. */
export interface ReleasedCount {
  found: number | undefined
  suppressed: boolean
  /** The number with its noise, suppressed or not: what a total may add up. Never shown by itself. */
  about: number
}

/** How one release differs from an earlier one, in distinct people. */
export interface Overlap {
  /** People in this release that were not in the earlier one. */
  added: number
  /** People in the earlier release that are not in this one. */
  removed: number
}

/**
 * Disclosure control for one count over a group (pure). Noise comes first, so that everything after
 * it, suppression included, says no more of one person than the noise lets through: whatever a reader
 * knows of all the others, no released value is certain about the last one. Then suppressed: a group
 * too small to hide in, a value or complement below the threshold, and a group that differs from an
 * earlier released one by fewer people than the threshold. What is left is rounded to a multiple of
 * the threshold. See docs/adr/0004-counts.md.
 * @param found people found, of `tenants` distinct people
 * @param threshold k, at least 1: the protocol's countsThreshold
 * @param noise from `drawNoise`, drawn once for a release and never again
 */
export function releaseCount(
  found: number,
  tenants: number,
  threshold: number,
  noise: number,
  overlaps: Overlap[] = [],
): ReleasedCount {
  const noisy = found + noise
  const about = Math.max(0, Math.round(noisy / threshold) * threshold)
  const tooFew = tenants < 2 * threshold || noisy < threshold || tenants - noisy < threshold
  if (tooFew || overlaps.some(overlap => isolates(overlap, threshold))) {
    return { found: undefined, suppressed: true, about }
  }
  return { found: about, suppressed: false, about }
}

function isolates(overlap: Overlap, threshold: number): boolean {
  return [overlap.added, overlap.removed].some(people => people > 0 && people < threshold)
}

/**
 * Noise of the discrete Laplace distribution with scale k: P(n) is proportional to e^(-|n|/k), so one
 * person more or less changes the probability of any released value by at most a factor e^(1/k)
 * (differential privacy with epsilon = 1/k). The difference of two geometric draws.
 * @param threshold k, the scale
 * @param uniforms two independent random numbers in (0, 1)
 */
export function drawNoise(threshold: number, uniforms: readonly [number, number]): number {
  const [first, second] = uniforms.map(uniform => Math.floor(-Math.log(uniform) * threshold))
  return (first ?? 0) - (second ?? 0)
}
