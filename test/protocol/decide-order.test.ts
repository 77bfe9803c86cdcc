import { type Decision, decide, type Question } from '../../src/protocol/decide.ts'
import { type Changes, question, setWith } from './sample.ts'

function ask(changes: Changes, changed: Partial<Question> = {}): Decision {
  return decide(setWith(changes), question(changed))
}

describe('the order of the checks', () => {
  const suspension = { from: '2020-01-01T00:00:00.000Z', until: null, by: 'vdab', reason: 'test' }

  test('what stands first is what is told', () => {
    const spoil: [string, () => Decision][] = [
      ['HB-317', () => everythingWrong({ name: 'Toezicht', decree: true, unsigned: true })],
      ['HB-303', () => everythingWrong({ decree: true, unsigned: true })],
      ['HB-304', () => everythingWrong({ unsigned: true })],
      ['HB-307', () => everythingWrong({})],
    ]
    expect(spoil.map(([, make]) => (make() as { code: string }).code)).toEqual(
      spoil.map(([code]) => code),
    )
  })

  function everythingWrong(what: {
    name?: string
    decree?: boolean
    unsigned?: boolean
  }): Decision {
    const changes: Changes = {
      framework: document => {
        if (what.name) document.recipients[0]!.name = what.name
        if (what.decree) document.legalBasis[1]!.inForceFrom = null
      },
      frameworkRecord: record => {
        record.suspensions.push(suspension)
        if (what.unsigned) record.signatures = []
      },
    }
    return ask(changes, { type: 'none', purpose: 'none', fields: ['none'], items: 5000 })
  }

  test('type, direction, purpose, target group, field, volume', () => {
    const wrong = {
      purpose: 'none',
      targetGroup: { id: 'none', version: '1' },
      fields: ['none'],
      items: 5000,
    }
    const right = question()
    const fixes: Partial<Question>[] = [
      { party: 'vdab', partyKind: 'employment-service', type: 'none' },
      { party: 'vdab', partyKind: 'employment-service' },
      {},
      { purpose: 'detection' },
      { targetGroup: right.targetGroup! },
      { fields: right.fields },
      { items: 1 },
    ]
    const codes: string[] = []
    let so: Partial<Question> = wrong
    for (const fix of fixes) {
      if ('party' in fix) codes.push((ask({}, { ...wrong, ...fix }) as { code: string }).code)
      else {
        so = { ...so, ...fix }
        const decision = ask({}, so)
        codes.push(decision.allow ? 'allowed' : decision.code)
      }
    }
    expect(codes).toEqual(['HB-310', 'HB-309', 'HB-311', 'HB-314', 'HB-312', 'HB-313', 'allowed'])
  })
})
