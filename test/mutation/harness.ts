import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'
import { expect } from 'expect'

/** One test of a file, as it was written with `test` or `test.each`. */
export interface KnownTest {
  /** File and full name: the same in every run. */
  id: string
  run: () => unknown
}

type Body = (...values: unknown[]) => unknown
type Declare = (name: string, body: Body) => void
type Row = readonly unknown[]

const sources = new Map<string, string>()
/** Folder with the files to test: Stryker goes to its copy of the repository after loading this. */
let root = ''
let generation = 0

/** Each generation has modules of its own, so that nothing that one mutant left behind meets another. */
function keepGenerationsApart(): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const found = nextResolve(specifier, context)
      const [url = ''] = found.url.split('?')
      const own = url.startsWith(root) && !url.includes('/node_modules/') && url.endsWith('.ts')
      return own && generation > 0 ? { ...found, url: `${url}?${generation}` } : found
    },
    load(url, context, nextLoad) {
      const [file = '', query] = url.split('?')
      if (query === undefined || !file.endsWith('.ts')) return nextLoad(url, context)
      const known = sources.get(file) ?? stripTypeScriptTypes(readFileSync(new URL(file), 'utf8'))
      sources.set(file, known)
      return { format: 'module', source: known, shortCircuit: true }
    },
  })
}

keepGenerationsApart()

/** Loads test files with modules of their own, and tells which tests they hold, in their order. */
export async function loadTests(files: readonly string[]): Promise<KnownTest[]> {
  root = pathToFileURL(`${process.cwd()}/`).href
  generation += 1
  const tests: KnownTest[] = []
  for (const file of files) {
    const names = new Map<string, number>()
    const path: string[] = [file]
    const add: Declare = (name, body) => {
      const full = [...path, name].join(' ')
      const before = names.get(full) ?? 0
      names.set(full, before + 1)
      tests.push({ id: before ? `${full} (${before + 1})` : full, run: () => body() })
    }
    const group: Declare = (name, body) => {
      path.push(name)
      body()
      path.pop()
    }
    Object.assign(globalThis, { expect, test: withEach(add), describe: withEach(group) })
    await import(new URL(file, root).href)
  }
  return tests
}

function withEach(declare: Declare): Declare & { each: unknown } {
  const each = (rows: readonly unknown[]) => (name: string, body: Body) => {
    for (const row of rows) {
      const values = (Array.isArray(row) ? row : [row]) as Row
      declare(nameOf(name, values), () => body(...values))
    }
  }
  return Object.assign((name: string, body: Body) => declare(name, body), { each })
}

function nameOf(name: string, values: Row): string {
  const places = name.match(/%[sdijo]/g)?.length ?? 0
  return format(name, ...values.slice(0, places))
}

/** Runs one test: what it threw, or undefined where it passed. */
export async function failureOf({ run }: KnownTest): Promise<string | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The file of a test. */
export function fileOf(id: string): string {
  return id.slice(0, id.indexOf(' '))
}
