import { ERRORS } from '../../src/error-table.ts'
import type { FuzzRequest } from './draft.ts'
import { faultsBy, faultsOfReply, OPERATIONS, type Operation } from './operations.ts'
import { findPlanted, isPlanted } from './secrets.ts'
import type { FuzzReply } from './send.ts'

const PATTERNS = OPERATIONS.map(operation => ({ operation, pattern: patternOf(operation.path) }))
const PROBLEM = 'application/problem+json'
const TRACE = /\n\s+at |node:internal|\.ts:\d+|\/src\/|SELECT .* FROM |invalid input syntax/

/**
 * What is wrong with a reply; nothing of an ordinary one.
 * @param hasSaid whether the caller itself said what was planted, in this call or an earlier one
 */
export function faultsOf(
  request: FuzzRequest,
  reply: FuzzReply,
  hasSaid: (word: string) => boolean,
): string[] {
  const { status, text } = reply
  const operation = operationAt(request)
  return [
    ...faultsOfStatus(operation, reply),
    ...(request.method === 'HEAD' ? [] : faultsOfForm(operation, reply)),
    ...faultsOfContent(request, reply, hasSaid),
    ...(status >= 400 && TRACE.test(text) ? ['it tells of the inside'] : []),
  ]
}

function faultsOfStatus(
  operation: Operation | undefined,
  { status, headers }: FuzzReply,
): string[] {
  if (status < 500) return []
  if (status !== 503) return [`a fault of ours: ${status}`]
  const isListed = operation?.described.responses['503'] !== undefined
  if (!isListed) return ['503 where it is not described']
  // Not being ready is an answer of this one.
  return headers['retry-after'] || operation?.id === 'isReady' ? [] : ['503 without Retry-After']
}

function faultsOfForm(operation: Operation | undefined, reply: FuzzReply): string[] {
  const { status, type, text } = reply
  if (operation) return faultsOfReply(operation, reply)
  // Pages of the documentation, and what is no operation of ours.
  if (status < 400) return []
  if (type !== PROBLEM) return [`a refusal as ${type || 'nothing'}`]
  const problem = JSON.parse(text)
  const known = Object.hasOwn(ERRORS, String(problem.code))
  return [
    ...faultsBy('/components/schemas/Problem', problem),
    ...(known ? [] : ['an unknown code']),
  ]
}

/** What was planted may come back only to who sent it, and only where that is what the operation is for. */
function faultsOfContent(
  { operation }: FuzzRequest,
  { headers, text }: FuzzReply,
  hasSaid: (word: string) => boolean,
): string[] {
  const found = findPlanted(`${JSON.stringify(headers)} ${text}`)
  const wrong = found.filter(word => {
    // A reference of one's own comes back, in what is refused and in events.
    const isOwn = isPlanted(word, 'ref') || operation.id === 'readInbox'
    if (isOwn || text.includes(`"tenantRef":"${word}"`)) return !hasSaid(word)
    // Who may see the usage of a person sees why others looked.
    return !['listApprovals', 'findUsage'].includes(operation.id)
  })
  return [...new Set(wrong)].map(word => `it holds ${word}`)
}

function operationAt({ method, target }: FuzzRequest): Operation | undefined {
  const [path = ''] = target.split('?')
  const found = PATTERNS.find(one => one.operation.method === method && one.pattern.test(path))
  return found?.operation
}

function patternOf(path: string): RegExp {
  const pattern = path
    .replaceAll('.', '\\.')
    .replace('{level}/', '\\d+/')
    .replace('{path}', '.+')
    .replace(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${pattern}$`)
}
