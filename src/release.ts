import { existsSync, readFileSync } from 'node:fs'

/** The version of this program, as its package says: above the sources, or above what was built. */
export function readRelease(): string | undefined {
  const places = ['../package.json', '../../package.json'].map(it => new URL(it, import.meta.url))
  const found = places.find(place => existsSync(place))
  return found && JSON.parse(readFileSync(found, 'utf8')).version
}
