import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ALL_OPERATIONS } from '../../src/access/operations.ts'
import { PEOPLE_OPERATIONS } from '../../src/access/people.ts'
import { ERRORS } from '../../src/errors.ts'
import { ROUTES } from '../../src/http/routes/index.ts'
import { readSchema } from '../../src/schemas.ts'
import { openapi } from '../support/contract.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

function run(...args: string[]) {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env })
}

test('types, codes and description are in sync with their sources', () => {
  const { status, stderr } = run('--no-warnings', 'scripts/generate.ts', '--check')
  expect([status, stderr]).toEqual([0, ''])
})

test('the description lints with redocly', () => {
  const { status, stdout, stderr } = run(
    'node_modules/@redocly/cli/bin/cli.js',
    ...['lint', 'docs/api/openapi.json', '--config', 'docs/api/redocly.yaml'],
  )
  expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, ''])
})

const text = readFileSync(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8')
const description = JSON.parse(text) as {
  openapi: string
  paths: Record<string, Record<string, { security: { accessToken?: string[] }[] }>>
  webhooks: Record<string, unknown>
  components: {
    examples: Record<string, unknown>
    securitySchemes: { accessToken: { flows: { clientCredentials: { scopes: object } } } }
  }
}

test('every route is for parties, for people or public, and the description says for which', () => {
  for (const { method, path, access, people } of ROUTES) {
    const place = path.replace(/:(\w+)/g, '{$1}').replace('*path', '{path}')
    const security = description.paths[place]?.[method]?.security
    const roles = people && PEOPLE_OPERATIONS[people]
    const expected = [
      ...(access && access !== 'public' ? [{ accessToken: [access] }] : []),
      ...(roles ? [{ personToken: roles }, { consoleCookie: roles }] : []),
    ]
    expect([method, place, security]).toEqual([method, place, expected])
    expect([method, place, expected.length === 0]).toEqual([method, place, access === 'public'])
  }
})

test('it is OpenAPI 3.1 with every scope, every event and an example of every refusal', () => {
  expect(description.openapi).toBe('3.1.0')
  const { scopes } = description.components.securitySchemes.accessToken.flows.clientCredentials
  expect(Object.keys(scopes).sort()).toEqual([...ALL_OPERATIONS].sort())
  expect(Object.keys(description.components.examples).sort()).toEqual(Object.keys(ERRORS).sort())
  expect(
    Object.keys(description.webhooks).filter(name => name.startsWith('be.huisbrug.')),
  ).toHaveLength(readSchema('common')['$defs'].eventType.enum.length)
  expect(Object.keys(openapi.paths).length).toBeGreaterThan(20)
})

test('every reference in it leads somewhere', () => {
  const references = [...text.matchAll(/"\$ref": "#([^"]+)"/g)].map(([, pointer = '']) => pointer)
  for (const pointer of new Set(references)) {
    const target = pointer
      .split('/')
      .slice(1)
      .reduce<unknown>(
        (part, key) => (part as Record<string, unknown> | undefined)?.[key],
        description,
      )
    expect([pointer, typeof target]).toEqual([pointer, 'object'])
  }
})
