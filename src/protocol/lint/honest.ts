import type { Agreement, Protocol } from '../document.ts'
import type { Remark } from '../finding.ts'
import { broken, unless } from './rules.ts'

/** What shows that a document was never really agreed, or cannot be relied on. Pure. */
export function lintSample({ sample }: Protocol): Remark[] {
  return unless(sample === undefined, 'sample-document', 'sample')
}

/** Grounds that no source gives. Pure. */
export function lintGrounds({ legalBasis }: Agreement): Remark[] {
  return legalBasis.flatMap(({ id, fictional }) =>
    unless(!fictional, 'fictional-ground', `legalBasis[${id}].fictional`),
  )
}

/** Members that hold an address to open. An ELI only identifies, and often begins with http. */
const ADDRESSES = new Set(['website', 'url'])

/** Addresses anywhere in a document. Pure. */
export function lintUrls(document: Protocol): Remark[] {
  return insecure(document, '')
}

function insecure(part: unknown, path: string): Remark[] {
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([key, value]) => {
    const at = place(part, key, value, path)
    if (typeof value !== 'string') return insecure(value, at)
    const bad = ADDRESSES.has(key) && !/^https:\/\//i.test(value)
    return bad ? [broken('insecure-url', at)] : []
  })
}

/** A place as other findings name it: list members by their id or party, else by their index. */
function place(parent: object, key: string, value: unknown, path: string): string {
  if (!Array.isArray(parent)) return path ? `${path}.${key}` : key
  const { id, party } = value as { id?: unknown; party?: unknown }
  return `${path}[${id ?? party ?? key}]`
}
