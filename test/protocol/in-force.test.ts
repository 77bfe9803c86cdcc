import fc from 'fast-check'
import type { Agreement, Signatures } from '../../src/protocol/document.ts'
import { isRefused } from '../../src/protocol/document.ts'
import { stateAt, statusAt } from '../../src/protocol/lifecycle.ts'
import { type Changes, IN_FORCE, sampleFramework, setWith } from './sample.ts'

type Line = Signatures['signatures'][number]

function framework(changes: Changes = {}) {
  const found = setWith(changes).protocols.get('wm-vdab')
  if (!found) throw new Error('no framework')
  return found
}

const status = (changes: Changes, at = IN_FORCE) => statusAt(framework(changes), at)
const also = (changes: Partial<Line>) => (record: Signatures) => {
  const { jws: _, ...first } = record.signatures[0]!
  record.signatures.push({ ...first, ...changes })
}

describe('a revocation', () => {
  test('is final from its day on, whatever the party says after it', () => {
    const revoked: Changes = {
      frameworkRecord: record => {
        also({ statement: 'revoke', date: '2026-06-01' })(record)
        also({ statement: 'accept', date: '2026-07-01' })(record)
      },
    }
    expect(status(revoked, new Date('2026-05-31T23:59:59Z'))).toBe('in-force')
    expect(status(revoked, new Date('2026-06-01T00:00:00Z'))).toMatchObject({
      code: 'HB-306',
      path: 'signatures[vdab]',
    })
    expect(status(revoked)).toMatchObject({ code: 'HB-306' })
    expect(stateAt(framework(revoked), IN_FORCE)).toBe('terminated')
  })

  test('over another text, or by who is no party, ends nothing', () => {
    const digest = 'A'.repeat(43)
    const elsewhere = also({ statement: 'revoke', date: '2026-06-01', digest })
    const stranger = also({ statement: 'revoke', date: '2026-06-01', party: 'leefgoed' })
    expect(status({ frameworkRecord: elsewhere })).toBe('in-force')
    expect(status({ frameworkRecord: stranger })).toBe('in-force')
  })
})

describe('advices', () => {
  const advices = (change: (all: Agreement['dpoAdvice']) => void): Changes => ({
    framework: one => change(one.dpoAdvice),
  })
  /** What the lifecycle says by itself; that lint finds the same is its own matter. */
  const obstacle = (changes: Changes) => {
    const protocol = { ...framework(changes), findings: [] }
    const found = statusAt(protocol, IN_FORCE)
    return found === 'in-force' ? found : `${found.code} ${found.path}`
  }

  test('of the officer of every party, and one for those who accede', () => {
    expect(obstacle(advices(all => all.splice(0, 1)))).toBe('HB-318 dpoAdvice[vdab]')
    expect(obstacle(advices(all => all.splice(1, 1)))).toBe('HB-318 dpoAdvice')
    expect(obstacle(advices(all => all.splice(0)))).toBe('HB-318 dpoAdvice[vdab]')
    expect(stateAt(framework(advices(all => all.splice(0, 1))), IN_FORCE)).toBe('dpo-review')
  })

  test('one that is not followed has a reason', () => {
    const unfollowed = (reasonNotFollowed?: string) =>
      advices(all => {
        Object.assign(all[0]!, { followed: false, ...(reasonNotFollowed && { reasonNotFollowed }) })
      })
    expect(obstacle(unfollowed())).toBe('HB-318 dpoAdvice[vdab].reasonNotFollowed')
    expect(obstacle(unfollowed(' '))).toBe('HB-318 dpoAdvice[vdab].reasonNotFollowed')
    expect(obstacle(unfollowed('Het is al elders geregeld.'))).toBe('in-force')
  })

  test('come before the signature', () => {
    const late = advices(all => {
      all[1]!.date = '2025-05-13'
    })
    expect(status(late)).toMatchObject({
      code: 'HB-304',
      remedy: 'Have vdab sign again: it signed before the last advice was given.',
    })
    const sameDay = advices(all => {
      all[1]!.date = '2025-05-12'
    })
    expect(status(sameDay)).toBe('in-force')
  })
})

describe('publication', () => {
  const publication = (change: (all: Signatures['publication']) => void): Changes => ({
    frameworkRecord: record => change(record.publication),
  })

  test('of this text, by every party, from its day on', () => {
    expect(status(publication(all => all.splice(0)))).toMatchObject({
      code: 'HB-319',
      path: 'publication[vdab]',
    })
    const otherText = publication(all => {
      all[0]!.digest = 'A'.repeat(43)
    })
    expect(status(otherText)).toMatchObject({ code: 'HB-319' })
    const onDay = publication(all => {
      all[0]!.date = '2026-11-21'
    })
    expect(status(onDay, new Date('2026-11-20T23:59:59.999Z'))).toMatchObject({ code: 'HB-319' })
    expect(status(onDay, new Date('2026-11-21T00:00:00.000Z'))).toBe('in-force')
    expect(stateAt(framework(otherText), IN_FORCE)).toBe('signed')
  })

  test('an accession is published by both', () => {
    const set = setWith({ accessionRecord: record => record.publication.splice(1, 1) })
    const accession = set.protocols.get('wm-vdab-woonboog')!
    expect(statusAt(accession, IN_FORCE, sampleFramework())).toMatchObject({
      code: 'HB-319',
      path: 'publication[vdab]',
    })
  })
})

describe('whatever the order of dates', () => {
  const DAYS = 12
  const dayOf = (index: number) => new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10)
  const between = (min: number, max: number) => fc.integer({ min, max })
  const index = between(0, DAYS)
  const said = fc.constantFrom(
    'accept' as const,
    'accept' as const,
    'reject' as const,
    'revoke' as const,
  )
  const anything = fc.record({
    decree: index,
    advice: index,
    signatures: fc.array(fc.record({ on: index, says: said }), { maxLength: 3 }),
    publication: fc.option(index),
    from: index,
    until: fc.option(index),
    today: index,
  })
  /** Close to the right order, so that each date by itself decides now and then. */
  const likely = fc.record({
    decree: between(0, 5),
    advice: between(0, 5),
    signatures: fc
      .tuple(
        between(4, 7).map(on => ({ on, says: 'accept' as const })),
        fc.array(fc.record({ on: between(4, DAYS), says: said }), { maxLength: 1 }),
      )
      .map(([first, more]) => [first, ...more]),
    publication: between(3, 8),
    from: between(4, 8),
    until: fc.option(between(7, DAYS)),
    today: between(5, DAYS),
  })
  const dates = fc.oneof(anything, likely)
  type Dates = typeof dates extends fc.Arbitrary<infer T> ? T : never

  /** In force or not, from numbers alone: written without a look at the lifecycle. */
  function oracle(d: Dates): boolean {
    const past = d.signatures
      .map((one, order) => ({ ...one, order }))
      .filter(one => one.on <= d.today)
    if (past.some(one => one.says === 'revoke')) return false
    const last = past.toSorted((a, b) => a.on - b.on || a.order - b.order).pop()
    if (last?.says !== 'accept') return false
    if (last.on < d.decree || last.on < d.advice) return false
    if (d.publication === null || d.publication > d.today) return false
    return d.from <= d.today && (d.until === null || d.today <= d.until)
  }

  test('it is in force where decree and advice, signature, publication and start came in time', () => {
    let inForce = 0
    fc.assert(
      fc.property(dates, d => {
        const protocol = framework({
          framework: one => {
            for (const basis of one.legalBasis) basis.inForceFrom = '2026-01-01'
            one.legalBasis[1]!.inForceFrom = dayOf(d.decree)
            for (const advice of one.dpoAdvice) advice.date = '2026-01-01'
            one.dpoAdvice[1]!.date = dayOf(d.advice)
            one.duration.from = dayOf(d.from)
            one.duration.until = d.until === null ? null : dayOf(d.until)
          },
          frameworkRecord: record => {
            const [first] = record.signatures
            record.signatures = d.signatures.map(({ on, says }) => {
              const { jws: _, ...plain } = first!
              return { ...plain, date: dayOf(on), statement: says }
            })
            record.publication =
              d.publication === null
                ? []
                : record.publication.map(one => ({ ...one, date: dayOf(d.publication ?? 0) }))
          },
        })
        // Periods that end before they begin are the lint's to refuse.
        if (isRefused(protocol)) return true
        const at = new Date(`${dayOf(d.today)}T12:00:00Z`)
        const expected = oracle(d)
        if (expected) inForce += 1
        const found = statusAt(protocol, at)
        expect([found === 'in-force', stateAt(protocol, at) === 'active']).toEqual([
          expected,
          expected,
        ])
        return true
      }),
      { numRuns: 400 },
    )
    expect(inForce).toBeGreaterThan(30)
  })
})
