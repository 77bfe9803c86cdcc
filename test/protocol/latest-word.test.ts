import type { LoadedProtocol } from '../../src/protocol/document.ts'
import { statusAt } from '../../src/protocol/lifecycle.ts'
import type { VerifiedStatement } from '../../src/protocol/notes.ts'
import { IN_FORCE, setWith } from './sample.ts'

/** The framework with VDAB's acceptance and what else was said, in this order. */
function statusWith(...said: Partial<VerifiedStatement>[]) {
  const framework = setWith().protocols.get('wm-vdab') as LoadedProtocol
  const accepted = framework.statements.find(one => one.party === 'vdab')
  if (!accepted) throw new Error('VDAB did not sign')
  const statements = said.map(one => ({ ...accepted, ...one }))
  return statusAt({ ...framework, statements }, IN_FORCE)
}

const rejected = { code: 'HB-304', remedy: 'vdab rejected this document.' }
const day = '2025-06-01'
const accept = { date: day, at: new Date(`${day}T10:00:00.000Z`) }
const reject = { ...accept, statement: 'reject' } as const
const sooner = new Date(`${day}T09:00:00.000Z`)
const later = new Date(`${day}T11:00:00.000Z`)

test('of two words of one day the later counts, in whatever order they are kept', () => {
  expect(statusWith(accept, { ...reject, at: later })).toMatchObject(rejected)
  expect(statusWith({ ...reject, at: later }, accept)).toMatchObject(rejected)
  expect(statusWith(accept, { ...reject, at: sooner })).toBe('in-force')
  expect(statusWith({ ...reject, at: sooner }, accept)).toBe('in-force')
})

test('of two days the later counts, whenever they came in', () => {
  expect(statusWith(accept, { ...reject, date: '2025-05-31', at: later })).toBe('in-force')
  expect(statusWith({ ...reject, date: '2025-05-31', at: later }, accept)).toBe('in-force')
  expect(statusWith(accept, { ...reject, date: '2025-06-02', at: sooner })).toMatchObject(rejected)
})

test('a word over another text, or a revocation of who is no party to it, changes nothing', () => {
  const revoke = { statement: 'revoke' } as const
  expect(statusWith(accept, { ...reject, at: later, digest: 'another' })).toBe('in-force')
  expect(statusWith(accept, { ...revoke, digest: 'another' })).toBe('in-force')
  expect(statusWith(accept, { ...revoke, party: 'stranger' })).toBe('in-force')
  expect(statusWith(accept, revoke)).toMatchObject({
    code: 'HB-306',
    remedy: 'The party revoked its signature: agree on a new version.',
  })
})
