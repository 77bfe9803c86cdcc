import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import { format } from './format.ts'
import { texts } from './texts/index.ts'
import { wordFor, words } from './texts/words.ts'

const VIEWS = fileURLToPath(new URL('./views', import.meta.url))

/** Draws a template with its model; every interpolation is escaped. */
export type Render = (view: string, model: object) => string

/**
 * Reads and compiles all templates once, so that a broken one stops the start and not a page.
 * Templates see the model, `t` (texts), `f` (formats), `w` (words) and `word`.
 */
export function createRender(): Render {
  const eta = new Eta({ autoEscape: true, cache: true, autoTrim: ['nl', false] })
  for (const file of readdirSync(VIEWS).filter(name => name.endsWith('.eta'))) {
    eta.loadTemplate(`@${file.slice(0, -4)}`, readFileSync(`${VIEWS}/${file}`, 'utf8'))
  }
  const shared = { f: format, w: words, word: wordFor }
  return (view, model) => eta.render(`@${view}`, { t: texts(), ...shared, ...model })
}
