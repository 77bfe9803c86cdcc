// Writes what is derived from schemas/, src/errors.ts and the rules of the lint: the list of codes,
// the TypeScript types, the API description, the pages of errors, rules and kinds of entries.
// With --check it writes nothing and fails where a file is out of sync.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { errorCodeSchema } from './generate/error-codes.ts'
import { errorsPage } from './generate/errors.ts'
import { evidencePage, withoutKinds } from './generate/evidence.ts'
import { openapiOf } from './generate/openapi.ts'
import { protocolRules } from './generate/protocol-rules.ts'
import { rightsPage } from './generate/rights.ts'
import { type Schema, typesOf } from './generate/types.ts'

const root = new URL('../', import.meta.url)

function readSchemas(): Map<string, Schema> {
  const folder = new URL('schemas/', root)
  const files = readdirSync(folder).filter(file => file.endsWith('.json'))
  return new Map(
    files
      .sort()
      .map(file => [
        file.slice(0, -'.json'.length),
        JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Schema,
      ]),
  )
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(new URL(path, root), 'utf8')
  } catch {
    return fallback
  }
}

const errorCodes = errorCodeSchema()
const onDisk = [...readSchemas()].filter(([id]) => id !== 'error-code')
const codes: [string, Schema] = ['error-code', JSON.parse(errorCodes) as Schema]
const schemas = new Map([...onDisk, codes].sort(([a], [b]) => (a < b ? -1 : 1)))
const entry = schemas.get('audit-entry') as Schema
// Who reads entries meets kinds that come later: types and description have the form of them all.
schemas.set('audit-entry', withoutKinds(entry))
const description = openapiOf(schemas)
const outputs: [string, string][] = [
  ['schemas/error-code.json', errorCodes],
  ['src/schemas.generated.ts', await typesOf(schemas)],
  ['docs/api/openapi.json', description],
  ['docs/errors.md', errorsPage(description)],
  ['docs/protocol-rules.md', protocolRules()],
  ['docs/evidence.md', evidencePage(entry)],
  ['docs/rights-table.md', rightsPage()],
]
const stale = outputs.filter(([path, text]) => readOr(path, '') !== text)
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is out of sync: run "npm run generate"`)
  process.exitCode = stale.length ? 1 : 0
} else {
  for (const [path, text] of stale) writeFileSync(new URL(path, root), text)
  console.log(stale.length ? `written: ${stale.map(([path]) => path).join(', ')}` : 'all in sync')
}
