/**
 * A program and its arguments: one path, or a JSON list. No shell reads it, so nothing in it is split or
 * expanded. Pure.
 * @throws Error naming the setting
 */
export function toCommand(name: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  if (!text.trimStart().startsWith('[')) return [text]
  const list = parseList(text)
  if (list) return list
  throw new Error(`${name} must be the path of a program, or a JSON list of it and its arguments`)
}

function parseList(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    const isTexts = Array.isArray(list) && list.every(it => typeof it === 'string')
    return isTexts && list.length > 0 ? list : undefined
  } catch {
    return undefined
  }
}
