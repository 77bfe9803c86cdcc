// Writes what is derived from schemas/: the TypeScript types, and the API description.
// With --check it writes nothing and fails where a file is out of sync.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
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

const outputs: [string, string][] = [['src/schemas.generated.ts', await typesOf(readSchemas())]]
const stale = outputs.filter(([path, text]) => readOr(path, '') !== text)
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is out of sync: run "npm run generate"`)
  process.exitCode = stale.length ? 1 : 0
} else {
  for (const [path, text] of stale) writeFileSync(new URL(path, root), text)
  console.log(stale.length ? `written: ${stale.map(([path]) => path).join(', ')}` : 'all in sync')
}
