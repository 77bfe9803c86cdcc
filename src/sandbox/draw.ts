import { hash } from 'node:crypto'

/**
 * Numbers in [0, 1) for one thing of one seed: they depend on nothing else, so that a person stays
 * the same person in a larger population.
 */
export function draws(seed: string, label: string, index: number): readonly number[] {
  const bytes = hash('sha256', `huisbrug sandbox|${seed}|${label}|${index}`, 'buffer')
  return Array.from({ length: 8 }, (_, i) => bytes.readUInt32BE(i * 4) / 2 ** 32)
}

/** The numbers 0 to size - 1 in an order that the seed fixes (Fisher-Yates). */
export function shuffledIndexes(seed: string, label: string, size: number): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => i)
  for (let last = size - 1; last > 0; last--) {
    const other = Math.floor((draws(seed, label, last)[0] ?? 0) * (last + 1))
    const kept = order[last] ?? 0
    order[last] = order[other] ?? 0
    order[other] = kept
  }
  return order
}
