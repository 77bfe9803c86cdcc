import { AsyncLocalStorage } from 'node:async_hooks'

/** The languages of the console: Dutch, and English for who asks for it. */
export type Language = 'nl' | 'en'

const drawn = new AsyncLocalStorage<Language>()

/** The language of the page being drawn; Dutch outside of one. */
export function language(): Language {
  return drawn.getStore() ?? 'nl'
}

/** Runs `draw`, and all it waits for, in a language. */
export function inLanguage<T>(chosen: Language, draw: () => T): T {
  return drawn.run(chosen, draw)
}
