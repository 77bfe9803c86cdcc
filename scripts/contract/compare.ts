import { type Change, compareSchemas, type Pair } from './compare-schema.ts'
import {
  type Contract,
  type Direction,
  FORMATS,
  follow,
  isSchema,
  type Schema,
} from './document.ts'

export type { Change } from './compare-schema.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const
// Of an interface, the caller writes what is asked; of a webhook, the gateway does.
const DIRECTIONS: Record<string, { asked: Direction; answered: Direction }> = {
  paths: { asked: 'in', answered: 'out' },
  webhooks: { asked: 'out', answered: 'in' },
}

/** Everything in which two versions of the contract differ, breaking changes first. */
export function compareContracts(before: Contract, after: Contract): Change[] {
  const pair: Pair = { before, after, changes: [], seen: new Set() }
  for (const part of Object.keys(DIRECTIONS)) {
    const old = operationsOf(before, part)
    const now = operationsOf(after, part)
    for (const [name, operation] of old) {
      const other = now.get(name)
      if (other) compareOperations(pair, [operation, other], part, name)
      else pair.changes.push({ place: name, words: 'operation removed', breaking: true })
    }
    for (const name of [...now.keys()].filter(name => !old.has(name)))
      pair.changes.push({ place: name, words: 'operation added', breaking: false })
  }
  for (const [id, direction] of Object.entries(FORMATS)) {
    const [old, now] = [before.schemas[id], after.schemas[id]]
    if (!old) continue
    if (!now) pair.changes.push({ place: id, words: 'format removed', breaking: true })
    else compareSchemas(pair, [place(old, id), place(now, id)], direction, id)
  }
  return pair.changes.sort((a, b) => Number(b.breaking) - Number(a.breaking))
}

const place = (schema: Schema, file?: string) => ({ schema, file })

function operationsOf({ openapi }: Contract, part: string): Map<string, Schema> {
  const paths = (openapi[part] ?? {}) as Record<string, Schema>
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      METHODS.filter(method => isSchema(item[method])).map(
        method => [`${method.toUpperCase()} ${path}`, item[method] as Schema] as const,
      ),
    ),
  )
}

function compareOperations(
  pair: Pair,
  [old, now]: [Schema, Schema],
  part: string,
  name: string,
): void {
  const { asked, answered } = DIRECTIONS[part] ?? { asked: 'in', answered: 'out' }
  const note = (breaking: boolean, words: string) =>
    pair.changes.push({ place: name, words, breaking })
  if (old['operationId'] !== now['operationId']) note(true, 'operationId renamed')
  for (const one of listOf(old['security']).filter(it => !has(now['security'], it)))
    note(
      true,
      `no longer open by ${Object.entries(one as Schema)
        .flat(2)
        .join(' ')}`,
    )
  compareParameters(pair, [old, now], asked, name)
  const bodies = [old['requestBody'], now['requestBody']] as [
    Schema | undefined,
    Schema | undefined,
  ]
  if (!bodies[0] && bodies[1]?.['required']) note(asked === 'in', 'a body is required now')
  if (bodies[0] && !bodies[0]['required'] && bodies[1]?.['required'])
    note(asked === 'in', 'a body is required now')
  compareContent(pair, bodies, asked, `${name} request`)
  compareResponses(pair, [old, now], answered, name)
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const has = (list: unknown, one: unknown) =>
  listOf(list).some(it => JSON.stringify(it) === JSON.stringify(one))

function compareParameters(
  pair: Pair,
  [old, now]: [Schema, Schema],
  direction: Direction,
  name: string,
): void {
  const parameters = (operation: Schema) =>
    new Map(
      (listOf(operation['parameters']) as Schema[]).map(it => [`${it['in']} ${it['name']}`, it]),
    )
  const before = parameters(old)
  const after = parameters(now)
  const note = (breaking: boolean, words: string) =>
    pair.changes.push({ place: name, words, breaking })
  for (const [key, parameter] of before) {
    const other = after.get(key)
    if (!other) note(true, `parameter removed: ${key}`)
    else {
      const schemas = [parameter['schema'] ?? {}, other['schema'] ?? {}] as [Schema, Schema]
      compareSchemas(pair, [place(schemas[0]), place(schemas[1])], direction, `${name} ${key}`)
      if (!parameter['required'] && other['required'])
        note(direction === 'in', `parameter required now: ${key}`)
      if (parameter['required'] && !other['required'])
        note(direction === 'out', `parameter no longer always there: ${key}`)
    }
  }
  for (const [key, parameter] of after)
    if (!before.has(key))
      note(direction === 'in' && parameter['required'] === true, `parameter added: ${key}`)
}

function compareResponses(
  pair: Pair,
  [old, now]: [Schema, Schema],
  direction: Direction,
  name: string,
): void {
  const before = (old['responses'] ?? {}) as Record<string, Schema>
  const after = (now['responses'] ?? {}) as Record<string, Schema>
  for (const [status, response] of Object.entries(before)) {
    const other = after[status]
    const where = `${name} ${status}`
    if (!other) pair.changes.push({ place: where, words: 'response removed', breaking: true })
    else {
      const [a, b] = [
        follow(pair.before, place(response)).schema,
        follow(pair.after, place(other)).schema,
      ]
      compareContent(pair, [a, b], direction, where)
      const headers = Object.keys((b['headers'] ?? {}) as Schema)
      for (const header of Object.keys((a['headers'] ?? {}) as Schema))
        if (!headers.includes(header))
          pair.changes.push({ place: where, words: `header removed: ${header}`, breaking: true })
    }
  }
  for (const status of Object.keys(after).filter(it => !(it in before))) {
    // A refusal is a refusal by its class; success in another form is not what was agreed.
    const breaking = direction === 'out' && /^[123]/.test(status)
    pair.changes.push({ place: `${name} ${status}`, words: 'response added', breaking })
  }
}

function compareContent(
  pair: Pair,
  [old, now]: [Schema | undefined, Schema | undefined],
  direction: Direction,
  where: string,
): void {
  const before = (old?.['content'] ?? {}) as Record<string, Schema>
  const after = (now?.['content'] ?? {}) as Record<string, Schema>
  for (const [type, content] of Object.entries(before)) {
    const other = after[type]
    if (!other)
      pair.changes.push({ place: where, words: `content type removed: ${type}`, breaking: true })
    else if (isSchema(content['schema']) && isSchema(other['schema'])) {
      const schemas = [place(content['schema']), place(other['schema'])] as Parameters<
        typeof compareSchemas
      >[1]
      compareSchemas(pair, schemas, direction, where)
    }
  }
  for (const type of Object.keys(after).filter(it => !(it in before)))
    pair.changes.push({ place: where, words: `content type added: ${type}`, breaking: false })
}

/**
 * What a set of changes asks of the version: semver.org, where 0.x counts its minor as the major. What came
 * before a release (`0.1.0-1`) may grow into it.
 */
export function versionAsked(changes: readonly Change[], before: string): string {
  const [core = '', isPreRelease] = before.split('-')
  const [major = 0, minor = 0, patch = 0] = core.split('.').map(Number)
  const isBreaking = changes.some(change => change.breaking)
  if (isBreaking) return major === 0 ? `0.${minor + 1}.0` : `${major + 1}.0.0`
  if (isPreRelease || changes.length === 0) return core
  return major === 0 ? `0.${minor}.${patch + 1}` : `${major}.${minor + 1}.0`
}

/** Whether a version is the other or a later one. */
export function isAtLeast(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) >= 0
}
