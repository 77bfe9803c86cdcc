const NAMES = ['a', 'b', 'c', 'd', 'e']
// An object of which every member is two, for one has words of its own in some texts.
const TWOS = new Proxy({}, { get: (_target, name) => (name === 'length' ? 2 : '2') })
const NUMBERS = new Proxy({}, { get: () => 2 })

/** Arguments of which some fit each text. */
const TRIES: readonly (readonly unknown[])[] = [
  [2, '2', 3, '3', 4],
  NAMES,
  [NAMES, NAMES],
  [NUMBERS, true, '2'],
  [TWOS, true, '2'],
]

/** Every text below a value by its place; a function gives its text for arguments of our own. */
export function leavesOf(value: unknown, place = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[place, value]])
  if (typeof value === 'function') return new Map([[`${place}()`, told(value as Told)]])
  const inside = Object.entries((value ?? {}) as object)
  return new Map(inside.flatMap(([name, part]) => [...leavesOf(part, `${place}.${name}`)]))
}

type Told = (...given: unknown[]) => unknown

function told(text: Told): string {
  for (const given of TRIES) {
    try {
      const found = [text(...given)].flat().join(' ')
      if (found !== '' && !/undefined|\[object/.test(found)) return found
    } catch {
      // Takes something else.
    }
  }
  throw new Error(`no arguments fit ${text}`)
}
