import {
  ALL_OPERATIONS,
  assertMayCall,
  OPERATIONS,
  type Operation,
  PARTY_KINDS,
  type PartyKind,
} from '../../src/access/operations.ts'
import { Refusal } from '../../src/errors.ts'

const EVERY_PARTY = [
  'deliveries:manage',
  'inbox:read',
  'messages:explain',
  'messages:read',
  'messages:write',
  'receipts:read',
  'webhook:manage',
]

// Written out a second time, from the contract's column "who".
const EXPECTED: Record<PartyKind, string[]> = {
  'housing-company': [
    ...EVERY_PARTY,
    'detections:write',
    'domains:read',
    'evaluations:write',
    'periods:close',
    'progress:write',
    'reports:read',
    'reports:write',
    'tenancies:write',
    'usage:read',
  ],
  'employment-service': [
    ...EVERY_PARTY,
    'answers:write',
    'domains:read',
    'domains:ready',
    'evaluations:write',
    'feedback:write',
  ],
  'welfare-office': [...EVERY_PARTY, 'domains:read', 'evaluations:write'],
}

function mayCall(kind: PartyKind, scopes: readonly string[], operation: Operation): boolean {
  try {
    assertMayCall({ party: 'p', kind, scopes: new Set(scopes) }, operation)
    return true
  } catch (error) {
    if (error instanceof Refusal && error.code === 'HB-107') return false
    throw error
  }
}

describe('who may call what', () => {
  test.each(PARTY_KINDS)('%s has the operations of the contract and no other', kind => {
    expect([...OPERATIONS[kind]].toSorted()).toEqual(EXPECTED[kind].toSorted())
    const all = ALL_OPERATIONS.filter(operation => mayCall(kind, ALL_OPERATIONS, operation))
    expect(all.toSorted()).toEqual(EXPECTED[kind].toSorted())
  })

  test('a token opens nothing outside its scope', () => {
    expect(mayCall('housing-company', ['messages:read'], 'messages:read')).toBe(true)
    expect(mayCall('housing-company', ['messages:read'], 'detections:write')).toBe(false)
    expect(mayCall('housing-company', [], 'messages:read')).toBe(false)
  })

  test('a scope does not open what the kind may not do', () => {
    expect(mayCall('employment-service', ['detections:write'], 'detections:write')).toBe(false)
    expect(mayCall('employment-service', ['usage:read'], 'usage:read')).toBe(false)
    expect(mayCall('housing-company', ['feedback:write'], 'feedback:write')).toBe(false)
  })
})
