import fc from 'fast-check'
import type { LoadedProtocol } from '../../src/protocol/document.ts'
import {
  decreeDay,
  mayMove,
  type ProtocolState,
  stateAt,
  statusAt,
  TRANSITIONS,
} from '../../src/protocol/lifecycle.ts'
import { type Changes, IN_FORCE, sampleFramework, setWith } from './sample.ts'

function framework(changes: Changes = {}): LoadedProtocol {
  const found = setWith(changes).protocols.get('wm-vdab')
  if (!found) throw new Error('no framework')
  return found
}

const at = (text: string) => new Date(text)

describe('the table of states', () => {
  const states = Object.keys(TRANSITIONS) as ProtocolState[]

  test('has these steps and no other', () => {
    const steps = states.flatMap(from => TRANSITIONS[from].map(to => `${from} > ${to}`))
    expect(steps).toEqual([
      ...['draft > dpo-review', 'dpo-review > draft', 'dpo-review > advised'],
      ...['advised > draft', 'advised > signed', 'signed > published', 'signed > terminated'],
      ...['published > active', 'published > terminated', 'published > expired'],
      ...['active > suspended', 'active > terminated', 'active > expired'],
      ...['suspended > active', 'suspended > terminated', 'suspended > expired'],
    ])
  })

  test('is closed, and only terminated and expired are ends', () => {
    for (const state of states) {
      for (const next of TRANSITIONS[state]) expect(states).toContain(next)
    }
    expect(states.filter(state => !TRANSITIONS[state].length)).toEqual(['terminated', 'expired'])
  })

  test('reaches every state from draft, and active only through signed and published', () => {
    const reached = new Set<ProtocolState>(['draft'])
    for (const state of reached) for (const next of TRANSITIONS[state]) reached.add(next)
    expect([...reached].sort()).toEqual([...states].sort())
    const before = states.filter(state => mayMove(state, 'active'))
    expect(before).toEqual(['published', 'suspended'])
    expect(states.filter(state => mayMove(state, 'published'))).toEqual(['signed'])
  })

  test('nothing goes back behind a signature: an edit is another version', () => {
    for (const state of ['signed', 'published', 'active', 'suspended'] as const) {
      for (const earlier of ['draft', 'dpo-review', 'advised'] as const) {
        expect(mayMove(state, earlier)).toBe(false)
      }
    }
  })
})

describe('statusAt', () => {
  test('is in force from the first day to the last, in UTC days', () => {
    const document = framework({
      framework: one => {
        one.duration.from = '2026-01-01'
        one.duration.until = '2026-12-31'
      },
    })
    const status = (text: string) => {
      const found = statusAt(document, at(text))
      return found === 'in-force' ? found : found.code
    }
    expect(status('2025-12-31T23:59:59.999Z')).toBe('HB-305')
    expect(status('2026-01-01T00:00:00.000Z')).toBe('in-force')
    expect(status('2026-12-31T23:59:59.999Z')).toBe('in-force')
    expect(status('2027-01-01T00:00:00.000Z')).toBe('HB-306')
  })

  test('waits for the last of the grounds', () => {
    const document = sampleFramework()
    expect(decreeDay(document)).toBe('2025-01-01')
    document.legalBasis[2]!.inForceFrom = null
    expect(decreeDay(document)).toBeUndefined()
  })

  test('counts a signature from its own day, and only over this text', () => {
    const onDay = framework({
      frameworkRecord: record => {
        record.signatures[0]!.date = '2026-11-21'
      },
    })
    expect(statusAt(onDay, at('2026-11-20T23:59:59Z'))).toMatchObject({ code: 'HB-304' })
    expect(statusAt(onDay, at('2026-11-21T00:00:00Z'))).toBe('in-force')
    const otherText = framework({
      frameworkRecord: record => {
        record.signatures[0]!.digest = 'A'.repeat(43)
      },
    })
    expect(statusAt(otherText, IN_FORCE)).toMatchObject({
      code: 'HB-304',
      path: 'signatures[vdab]',
      remedy: 'Have vdab sign this version: it signed another text.',
    })
  })

  test('does not count a signature from before the decree', () => {
    const early = framework({
      frameworkRecord: record => {
        record.signatures[0]!.date = '2024-12-31'
      },
    })
    expect(statusAt(early, IN_FORCE)).toMatchObject({
      code: 'HB-304',
      remedy: expect.stringContaining('before the decree'),
    })
  })

  test('holds an accession to the decree of its framework', () => {
    const set = setWith({
      accessionRecord: record => {
        for (const one of record.signatures) one.date = '2024-12-31'
      },
    })
    const accession = set.protocols.get('wm-vdab-woonboog')!
    expect(statusAt(accession, IN_FORCE, sampleFramework())).toMatchObject({ code: 'HB-304' })
  })

  test('takes the latest statement of a party: reject, accept, revoke', () => {
    const following = (statement: 'accept' | 'reject' | 'revoke') =>
      framework({
        frameworkRecord: record => {
          record.signatures.push({ ...record.signatures[0]!, date: '2026-06-01', statement })
        },
      })
    expect(statusAt(following('accept'), IN_FORCE)).toBe('in-force')
    expect(statusAt(following('reject'), IN_FORCE)).toMatchObject({ code: 'HB-304' })
    expect(statusAt(following('revoke'), IN_FORCE)).toMatchObject({ code: 'HB-306' })
    expect(statusAt(following('revoke'), at('2026-05-31T12:00:00Z'))).toBe('in-force')
  })

  test('of two statements on one day the later one in the file counts', () => {
    const both = framework({
      frameworkRecord: record => {
        record.signatures.unshift({ ...record.signatures[0]!, statement: 'reject' })
      },
    })
    expect(statusAt(both, IN_FORCE)).toBe('in-force')
  })

  test('is suspended from the instant on, until the instant it is resumed', () => {
    const document = framework({
      frameworkRecord: record => {
        const [from, until] = ['2026-11-21T10:00:00.000Z', '2026-11-21T11:00:00.000Z']
        record.suspensions.push({ from, until, by: 'vdab', reason: 'test' })
      },
    })
    expect(statusAt(document, at('2026-11-21T09:59:59.999Z'))).toBe('in-force')
    expect(statusAt(document, at('2026-11-21T10:00:00.000Z'))).toMatchObject({ code: 'HB-307' })
    expect(statusAt(document, at('2026-11-21T10:59:59.999Z'))).toMatchObject({ code: 'HB-307' })
    expect(statusAt(document, at('2026-11-21T11:00:00.000Z'))).toBe('in-force')
  })

  test('with a finding it is never in force, and the finding is told', () => {
    const document = framework({
      framework: one => {
        one.dataElements[2]!.label = 'Inkomen'
      },
    })
    expect(statusAt(document, IN_FORCE)).toMatchObject({
      code: 'HB-317',
      path: 'dataElements[grond-huurderschap]',
    })
  })
})

describe('stateAt', () => {
  test('tells each state of the table', () => {
    const unsigned: Changes = { frameworkRecord: record => record.signatures.splice(0) }
    const advices = (keep: number): Changes => ({
      ...unsigned,
      framework: one => {
        one.dpoAdvice = one.dpoAdvice.slice(2 - keep)
      },
    })
    const states = {
      draft: framework(advices(0)),
      'dpo-review': framework(advices(1)),
      advised: framework(unsigned),
      signed: framework({ frameworkRecord: record => record.publication.splice(0) }),
      published: framework({
        framework: one => {
          one.duration.from = '2027-01-01'
        },
      }),
      active: framework(),
      suspended: framework({
        frameworkRecord: record =>
          record.suspensions.push({
            from: '2026-11-01T00:00:00.000Z',
            until: null,
            by: 'vdab',
            reason: 'test',
          }),
      }),
      terminated: framework({
        frameworkRecord: record =>
          record.signatures.push({
            ...record.signatures[0]!,
            date: '2026-06-01',
            statement: 'revoke',
          }),
      }),
      expired: framework({
        framework: one => {
          one.duration.until = '2026-01-01'
        },
      }),
    }
    for (const [state, protocol] of Object.entries(states)) {
      expect([state, stateAt(protocol, IN_FORCE)]).toEqual([state, state])
    }
    expect(Object.keys(states).sort()).toEqual(Object.keys(TRANSITIONS).sort())
  })

  test('published until the decree is in force', () => {
    const waiting = framework({
      framework: one => {
        one.legalBasis[1]!.inForceFrom = '2025-06-01'
      },
      frameworkRecord: record => {
        record.signatures[0]!.date = '2025-06-01'
      },
    })
    expect(stateAt(waiting, at('2025-05-31T12:00:00Z'))).toBe('advised')
    expect(stateAt(waiting, at('2025-06-01T12:00:00Z'))).toBe('active')
  })

  test('goes through time along the table only, whatever the dates', () => {
    const day = fc
      .integer({ min: 0, max: 700 })
      .map(days => new Date(Date.UTC(2025, 0, 1 + days)).toISOString().slice(0, 10))
    fc.assert(
      fc.property(fc.array(day, { minLength: 5, maxLength: 5 }), dates => {
        const [from, until, signature, publication, decree] = dates as [
          string,
          string,
          string,
          string,
          string,
        ]
        const protocol = framework({
          framework: one => {
            one.duration.from = from
            one.duration.until = until
            one.legalBasis[1]!.inForceFrom = decree
          },
          frameworkRecord: record => {
            record.signatures[0]!.date = signature
            for (const one of record.publication) one.date = publication
          },
        })
        const days = [...dates, '2024-12-31', '2027-12-31'].sort()
        const states = days.map(one => stateAt(protocol, at(`${one}T12:00:00Z`)))
        return states.every((state, index) => {
          const before = states[index - 1] ?? state
          return before === state || reachable(before).has(state)
        })
      }),
      { numRuns: 200 },
    )
  })

  function reachable(from: ProtocolState): Set<ProtocolState> {
    const reached = new Set<ProtocolState>(TRANSITIONS[from])
    for (const state of reached) for (const next of TRANSITIONS[state]) reached.add(next)
    return reached
  }
})
