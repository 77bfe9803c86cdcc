import { readFileSync } from 'node:fs'
import { SIGNATURE_HEADER } from '../../src/access/message-signature.ts'
import { CSRF_HEADER } from '../../src/access/people.ts'
import { componentRef, componentsOf } from './components.ts'
import type { Operation } from './operation.ts'
import { EXCHANGE_OPERATIONS } from './operations-exchange.ts'
import { SERVICE_OPERATIONS } from './operations-service.ts'
import { SUBJECT_OPERATIONS } from './operations-subjects.ts'
import { jsonContent, problemExamples, RATE_LIMIT_HEADERS, responsesOf } from './responses.ts'
import { securityOf, securitySchemes } from './security.ts'
import type { Schema } from './types.ts'
import { webhooksOf } from './webhooks.ts'

export const OPERATIONS: readonly Operation[] = [
  ...EXCHANGE_OPERATIONS,
  ...SERVICE_OPERATIONS,
  ...SUBJECT_OPERATIONS,
]

const DESCRIPTION = `Gateway between Flemish housing companies and VDAB. Nothing about a person moves
unless a signed protocol in force allows the party, direction, message type, purpose, every field and
the volume at that instant. Every refusal names a code, a place, a rule and a remedy.

Binary values are base64url without padding, times RFC 3339 in UTC, dates YYYY-MM-DD. Every
person-bearing POST needs an \`Idempotency-Key\`, other writing calls take one; the same key and body give
the same answer. Calls are limited per party: \`RateLimit\` says what is left, \`429\` and \`503\` when to come back.`

const TAGS = [
  ['access', 'Tokens and keys'],
  ['protocols', 'The agreements that the gateway executes'],
  ['detection', 'Which tenants of the target group are in the client file'],
  ['feedback', 'Tenants who are hard to reach, and what is done about it'],
  ['reports', 'What housing companies report of their own work: counts alone'],
  ['messages', 'Where a message stands, and the proof of what was decided'],
  ['pseudonyms', 'Blind pseudonyms for the recipient'],
  ['hand-over', 'Events by webhook or inbox'],
  ['evidence', 'The public side of the audit log'],
  ['operation', 'For those who run the gateway'],
  ['employment-service', 'What an employment service offers to the gateway'],
]

/** docs/api/openapi.json: OpenAPI 3.1 from schemas/, the error table and the operations. */
export function openapiOf(schemas: Map<string, Schema>): string {
  const examples = examplesOf(schemas)
  const description = {
    openapi: '3.1.0',
    info: {
      title: 'Huisbrug',
      version: versionOfPackage(),
      summary: 'Lawful, provable data exchange between housing companies and VDAB',
      description: DESCRIPTION,
      license: { name: 'EUPL-1.2', identifier: 'EUPL-1.2' },
    },
    servers: [{ url: '/', description: 'This gateway' }],
    security: [{ accessToken: [] }],
    tags: TAGS.map(([name, text]) => ({ name, description: text })),
    paths: pathsOf(examples),
    webhooks: webhooksOf(schemas),
    components: {
      schemas: componentsOf(schemas),
      examples: problemExamples(),
      headers: RATE_LIMIT_HEADERS,
      securitySchemes: securitySchemes(),
    },
  }
  return `${JSON.stringify(description, null, 2)}\n`
}

function versionOfPackage(): string {
  const path = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

function examplesOf(schemas: Map<string, Schema>): Map<string, unknown> {
  const examples = [...schemas].map(([id, schema]): [string, unknown] => [
    id,
    (schema['examples'] as unknown[] | undefined)?.[0],
  ])
  return new Map([...examples, ['protocol', sampleAccession()]])
}

/** The one reply that is a document of its own: the shortest of the sample protocols. */
function sampleAccession(): unknown {
  const path = new URL('../../protocols/wm-vdab-woonboog/protocol.json', import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8'))
}

function pathsOf(examples: Map<string, unknown>): Record<string, Schema> {
  const paths: Record<string, Schema> = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: operationOf(operation, examples),
    }
  }
  return paths
}

function operationOf(operation: Operation, examples: Map<string, unknown>): Schema {
  const { id, tag, summary, description } = operation
  const parameters = parametersOf(operation)
  const body = bodyOf(operation, examples)
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    security: securityOf(operation),
    ...(parameters.length && { parameters }),
    ...(body && { requestBody: { required: true, content: body } }),
    responses: responsesOf(operation, examples),
  }
}

function bodyOf(operation: Operation, examples: Map<string, unknown>): Schema | undefined {
  const { request, form, takes } = operation
  if (takes) return { 'text/plain': { schema: { type: 'string', description: takes } } }
  if (request) return { 'application/json': jsonContent(request, examples) }
  if (form) return { 'application/x-www-form-urlencoded': jsonContent(form, examples) }
  return undefined
}

/** The form of each path parameter, by its name; where the path alone does not tell, by path. */
const PATH_PARAMETERS: Readonly<Record<string, Schema>> = {
  '/v1/protocols/{id} id': componentRef('protocol-id'),
  '/v1/protocols/{id}/diff id': componentRef('protocol-id'),
  '/v1/messages/{id} id': componentRef('message-id'),
  '/v1/deliveries/{id}/retry id': componentRef('delivery-id'),
  '/v1/approvals/{id} id': { type: 'string', pattern: '^req_[0-7][0-9A-HJKMNP-TV-Z]{25}$' },
  messageId: componentRef('message-id'),
  feedbackId: componentRef('feedback-id'),
  index: { type: 'integer', minimum: 0, maximum: 9007199254740991 },
  level: { type: 'integer', minimum: 0, maximum: 63 },
  path: { type: 'string', pattern: '^(x[0-9]{3}/)*[0-9]{3}(\\.p/[0-9]{1,3})?$' },
}

function parametersOf({
  path,
  method,
  people,
  personBearing,
  keyed,
  list,
  query = {},
}: Operation): Schema[] {
  const names = [...path.matchAll(/\{([A-Za-z]+)\}/g)].map(([, name = '']) => name)
  return [
    ...names.map(name => pathParameter(path, name)),
    ...(personBearing ? [IDEMPOTENCY_KEY, SIGNATURE] : []),
    ...(keyed ? [{ ...IDEMPOTENCY_KEY, required: keyed === 'required' }] : []),
    ...(list ? [LIMIT, AFTER] : []),
    ...(people && method !== 'get' ? [CSRF_TOKEN] : []),
    ...Object.entries(query).map(queryParameter),
  ]
}

function pathParameter(path: string, name: string): Schema {
  const schema = PATH_PARAMETERS[`${path} ${name}`] ?? PATH_PARAMETERS[name]
  if (!schema) throw new Error(`no form for the parameter ${name} of ${path}`)
  return { name, in: 'path', required: true, schema }
}

function queryParameter([name, description]: [string, string]): Schema {
  return { name, in: 'query', description, schema: { type: 'string', maxLength: 64 } }
}

const IDEMPOTENCY_KEY: Schema = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description: 'Repeat it, and the body, on a retry',
  schema: componentRef('idempotency-key'),
}

const SIGNATURE: Schema = {
  name: SIGNATURE_HEADER,
  in: 'header',
  required: false,
  description:
    'Required where modalities.signature of the protocol says so, verified wherever it is given: a detached JWS (RFC 7515 appendix F) over the bytes of the body (RFC 7797: b64 false, crit b64), alg EdDSA, ES256 or PS256, kid of a registered key, typ message+jws, with iss the party, aud the public URL, htm, htu, id the Idempotency-Key, iat within 300 s',
  schema: { type: 'string', maxLength: 4096, pattern: '^[A-Za-z0-9_-]+\\.\\.[A-Za-z0-9_-]+$' },
}

const CSRF_TOKEN: Schema = {
  name: CSRF_HEADER,
  in: 'header',
  required: false,
  description: 'The token of the session, where the cookie of the console is used',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
}

const LIMIT: Schema = {
  name: 'limit',
  in: 'query',
  description: 'Items per page',
  schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
}

const AFTER: Schema = {
  name: 'after',
  in: 'query',
  description: 'The next of the page before',
  schema: componentRef('cursor'),
}
