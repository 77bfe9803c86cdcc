import { ERRORS, type ErrorCode } from '../../src/errors.ts'
import { componentRef } from './components.ts'
import type { Operation } from './operation.ts'
import type { Schema } from './types.ts'

const PROTECTED: ErrorCode[] = [
  ...(['HB-101', 'HB-102', 'HB-103', 'HB-104', 'HB-106', 'HB-107'] as const),
  ...(['HB-128', 'HB-129', 'HB-130'] as const),
  ...(['HB-120', 'HB-121', 'HB-122', 'HB-123', 'HB-124', 'HB-125', 'HB-126'] as const),
  ...(['HB-605', 'HB-903', 'HB-904'] as const),
]
const FOR_PEOPLE: ErrorCode[] = [
  ...(['HB-101', 'HB-102', 'HB-103', 'HB-104', 'HB-106', 'HB-107', 'HB-113', 'HB-114'] as const),
  ...(['HB-120', 'HB-121', 'HB-122', 'HB-124', 'HB-125', 'HB-126'] as const),
  ...(['HB-605', 'HB-903'] as const),
]
const KEYED: ErrorCode[] = ['HB-205', 'HB-501']
const PERSON_BEARING: ErrorCode[] = [
  'HB-127',
  ...(['HB-201', 'HB-202', 'HB-203', 'HB-204', 'HB-205'] as const),
  ...(['HB-301', 'HB-302', 'HB-303', 'HB-304', 'HB-305', 'HB-306', 'HB-307', 'HB-308'] as const),
  ...(['HB-309', 'HB-310', 'HB-311', 'HB-312', 'HB-313', 'HB-317'] as const),
  ...(['HB-318', 'HB-319', 'HB-320'] as const),
  ...(['HB-501', 'HB-604', 'HB-606', 'HB-902', 'HB-903', 'HB-907', 'HB-908'] as const),
  ...(['HB-413', 'HB-905', 'HB-906'] as const),
]
const BODY: ErrorCode[] = ['HB-201', 'HB-202', 'HB-203', 'HB-204', 'HB-211', 'HB-212']
const ALWAYS: ErrorCode[] = ['HB-213', 'HB-601', 'HB-901']
// What can be away under any operation but that of a process that tells of itself.
const AWAY: ErrorCode[] = ['HB-903', 'HB-904']
const STOPPED: ErrorCode[] = ['HB-902', 'HB-907', 'HB-908']

/** The replies of an operation, by status: the good one, and a problem for each status of its codes. */
export function responsesOf(operation: Operation, examples: Map<string, unknown>): Schema {
  const limited = operation.scope || operation.people ? { headers: LIMIT_HEADERS } : {}
  const problems = Map.groupBy(codesOf(operation), code => ERRORS[code][0])
  const refused = [...problems].sort(([a], [b]) => a - b)
  return {
    [operation.status]: { ...goodReply(operation, examples), ...limited },
    ...Object.fromEntries(
      refused.map(([status, codes]) => [
        status,
        { ...problemReply(codes, operation.path), ...(status === 429 && limited) },
      ]),
    ),
    ...(operation.path === '/health/ready' && { 503: failingHealth(examples) }),
    ...plainReplies(operation),
  }
}

function plainReplies({ plain = {} }: Operation): Schema {
  const replies = Object.entries(plain).map(([status, { description, types }]) => {
    const content = types.map(type => [type, { schema: { type: 'string' } }])
    return [status, { description, content: Object.fromEntries(content) }]
  })
  return Object.fromEntries(replies)
}

/** Where the caller stands, for components.headers. */
export const RATE_LIMIT_HEADERS: Schema = {
  'RateLimit-Policy': {
    description:
      'draft-ietf-httpapi-ratelimit-headers-08: of this party, q calls in w seconds; they come back evenly',
    schema: { type: 'string', examples: ['"party";q=1000;w=10'] },
  },
  RateLimit: {
    description: 'r calls left now, all of them again in t seconds',
    schema: { type: 'string', examples: ['"party";r=998;t=1'] },
  },
}

const LIMIT_HEADERS = Object.fromEntries(
  Object.keys(RATE_LIMIT_HEADERS).map(name => [name, { $ref: `#/components/headers/${name}` }]),
)

function codesOf(operation: Operation): ErrorCode[] {
  const codes = [
    ...(operation.scope ? PROTECTED : []),
    ...(operation.people ? FOR_PEOPLE : []),
    ...(operation.people && operation.method !== 'get' ? (['HB-115'] as const) : []),
    ...(operation.personBearing ? [...PERSON_BEARING, ...BODY] : []),
    ...(operation.keyed ? [...KEYED, ...BODY] : []),
    ...(operation.request ? BODY : []),
    ...(operation.form ? (['HB-605', 'HB-903', 'HB-904'] as const) : []),
    ...(operation.list ? (['HB-208'] as const) : []),
    ...(operation.path.includes('{') ? (['HB-206'] as const) : []),
    ...operation.refusals,
    ...(operation.scope || operation.people ? STOPPED : []),
    ...(operation.path.startsWith('/health/') ? [] : AWAY),
    ...ALWAYS,
  ]
  return [...new Set(codes)].sort()
}

function goodReply(
  { status, reply, text, html, also = {} }: Operation,
  examples: Map<string, unknown>,
): Schema {
  const others = Object.fromEntries(
    Object.entries(also).map(([type, description]) => [type, { schema: { description } }]),
  )
  if (text) {
    const { type, description } = text
    return { description, content: { [type]: textContent(text), ...others } }
  }
  if (!reply) return { description: status === 204 ? 'Done' : 'Accepted' }
  return {
    description: status === 202 ? 'Accepted' : 'Done',
    content: {
      'application/json': jsonContent(reply, examples),
      ...(html && { 'text/html': { schema: { type: 'string', description: html } } }),
      ...others,
    },
  }
}

function textContent({ type, example }: NonNullable<Operation['text']>): Schema {
  const schema = type === 'application/json' ? { type: 'object' } : { type: 'string' }
  return { schema, ...(example !== undefined && { example }) }
}

/** The media type object of a schema, with the example that the schema carries. */
export function jsonContent(id: string, examples: Map<string, unknown>): Schema {
  const example = examples.get(id)
  return { schema: componentRef(id), ...(example !== undefined && { example }) }
}

function failingHealth(examples: Map<string, unknown>): Schema {
  return {
    description: 'Not now',
    content: { 'application/json': jsonContent('health', examples) },
  }
}

function problemReply(codes: ErrorCode[], path: string): Schema {
  const examples = Object.fromEntries(
    codes.map(code => [code, { $ref: `#/components/examples/${code}` }]),
  )
  // RFC 6749 5.2 fixes the type of the token endpoint's errors.
  const type = path === '/oauth/token' ? 'application/json' : 'application/problem+json'
  return {
    description: codes.map(code => `${code} ${ERRORS[code][1]}`).join('; '),
    content: { [type]: { schema: componentRef('problem'), examples } },
  }
}

/** A problem of every code, for components.examples. */
export function problemExamples(): Schema {
  const codes = Object.keys(ERRORS) as ErrorCode[]
  return Object.fromEntries(
    codes.map(code => [code, { summary: ERRORS[code][1], value: problemOf(code) }]),
  )
}

function problemOf(code: ErrorCode): Schema {
  const [status, title, remedy] = ERRORS[code]
  return {
    type: `https://huisbrug.example/errors/${code}`,
    title,
    status,
    detail: remedy,
    code,
    errors: [{ pointer: '', code, rule: 'see the refusal itself', remedy }],
    instance: 'req_01KAJ5N0A1B2C3D4E5F6G7H8J9',
  }
}
