type Range = readonly [type: string, weight: number]

/**
 * The media type to answer with: of those offered the one that an Accept header names and weighs most,
 * the first of equals; JSON for who names none of them, so that programs that accept all keep JSON.
 */
export function preferredType<Type extends string>(
  accept: string | undefined,
  offered: readonly Type[],
): Type | 'application/json' {
  const ranges = (accept ?? '').split(',').map(parseRange)
  const weightOf = (type: string) => ranges.find(([one]) => one === type)?.[1] ?? 0
  const best = Math.max(...offered.map(weightOf))
  if (best <= 0 || best < weightOf('application/json')) return 'application/json'
  return offered.find(type => weightOf(type) === best) ?? 'application/json'
}

/** A media range of an Accept header with its weight (RFC 9110, 12.5.1). */
function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const weight = parameters.find(one => one.startsWith('q='))?.slice(2)
  const value = Number(weight ?? 1)
  return [type, value >= 0 && value <= 1 ? value : 0]
}
