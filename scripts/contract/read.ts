import { readdirSync, readFileSync } from 'node:fs'
import { bare, type Contract, type Schema } from './document.ts'

const ROOT = new URL('../../', import.meta.url)
/** The contract as it was at the last version that others rely on. */
export const PREVIOUS = new URL('test/contract/previous/contract.json', ROOT)

const parse = (url: URL): Schema => JSON.parse(readFileSync(url, 'utf8'))

/** The contract as it is in docs/api/openapi.json and schemas/. */
export function readContract(): Contract {
  const openapi = parse(new URL('docs/api/openapi.json', ROOT))
  const folder = new URL('schemas/', ROOT)
  const files = readdirSync(folder).filter(file => file.endsWith('.json'))
  return contractOf(
    openapi,
    Object.fromEntries(files.map(file => [file.slice(0, -5), parse(new URL(file, folder))])),
  )
}

/** The contract that a description and its schemas make, without words and examples. */
export function contractOf(openapi: Schema, schemas: Record<string, Schema>): Contract {
  const { version } = openapi['info'] as { version: string }
  const { paths, webhooks, components } = openapi as Record<string, Schema>
  const described = { paths, webhooks, components: { schemas: components?.['schemas'] } }
  const entries = Object.entries(schemas).map(([id, it]) => [id, bare(it)])
  return { version, openapi: bare(described) as Schema, schemas: Object.fromEntries(entries) }
}

/** The contract as it was. */
export function readPrevious(): Contract {
  return parse(PREVIOUS) as unknown as Contract
}
