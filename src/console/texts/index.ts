import { nl, type Texts } from './nl.ts'

/** All words of the page being drawn, in its language. */
export function texts(): Texts {
  return nl
}
