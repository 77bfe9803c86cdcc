import { randomInt } from 'node:crypto'
import { drawNoise } from '../report/disclosure/noise.ts'

/** Noise for one number that is released, from the randomness of the system: drawn once, never again. */
export function freshNoise(threshold: number): number {
  return drawNoise(threshold, [randomUniform(), randomUniform()])
}

// In (0, 1): 48 random bits, never 0.
function randomUniform(): number {
  return (randomInt(2 ** 48 - 1) + 1) / 2 ** 48
}
