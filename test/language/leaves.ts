// More arguments than any text takes; a count of two, for one has words of its own in some.
const ARGUMENTS = [2, '2', 3, '3', 4]
const NAMES = ['a', 'b', 'c', 'd', 'e']

/** Every text below a value by its place; a function gives its text for arguments of our own. */
export function leavesOf(value: unknown, place = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[place, value]])
  if (typeof value === 'function') return new Map([[`${place}()`, told(value as Told)]])
  const inside = Object.entries(value as object)
  return new Map(inside.flatMap(([name, part]) => [...leavesOf(part, `${place}.${name}`)]))
}

type Told = (...given: unknown[]) => string

function told(text: Told): string {
  for (const given of [ARGUMENTS, NAMES, [NAMES], [{ id: 'a' }]]) {
    try {
      const found = text(...given)
      if (typeof found === 'string' && !found.includes('undefined')) return found
    } catch {
      // Takes something else.
    }
  }
  throw new Error(`no arguments fit ${text}`)
}
