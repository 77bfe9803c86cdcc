import { decide } from '../../src/protocol/decide.ts'
import type { Signatures } from '../../src/protocol/document.ts'
import { statusAt } from '../../src/protocol/lifecycle.ts'
import { parseFolder } from '../../src/protocol/load.ts'
import { assembleSigned, claimsOf, makeJws, signLines, testKey } from '../support/statements.ts'
import { folderOf, IN_FORCE, question, sampleAccession, sampleFramework, signed } from './sample.ts'

type Line = Signatures['signatures'][number]

const framework = sampleFramework()
const good = signed(framework).signatures[0] as Line

/** The sample with these lines under the framework, as they are. */
function withLines(lines: unknown[], text?: string) {
  const record = { ...signed(framework), signatures: lines as Line[] }
  const folder = folderOf(framework, record)
  const accession = sampleAccession()
  const folders = [
    text === undefined ? folder : { ...folder, signatures: text },
    folderOf(accession, signed(accession)),
  ]
  return assembleSigned(folders.map(parseFolder), IN_FORCE)
}

function outcome(lines: unknown[]) {
  const set = withLines(lines)
  const protocol = set.protocols.get('wm-vdab')
  if (!protocol) throw new Error('the document is gone')
  const remarks = protocol.findings.filter(({ code }) => code.startsWith('signature-'))
  const status = statusAt(protocol, IN_FORCE)
  return {
    codes: remarks.map(({ code }) => code),
    severities: [...new Set(remarks.map(({ severity }) => severity))],
    paths: [...new Set(remarks.map(({ path }) => path))],
    status: status === 'in-force' ? status : status.code,
    remedy: status === 'in-force' ? '' : status.remedy,
    remarks,
    // What another party does under another document is no matter of this one.
    rest: statusAt(set.protocols.get('wm-vdab-woonboog')!, IN_FORCE, framework),
  }
}

const line = (changes: Partial<Line>): Line => {
  const { jws: _, ...plain } = { ...good, ...changes }
  return signLines(framework, [plain as Line])[0] as Line
}
const byAnother = (party: string) => makeJws(testKey(party), claimsOf(framework, good))
const { jws: _, ...plain } = good

/** Each bad line, its finding, and what the obstacle then tells of it. */
const BAD: [string, unknown, string, RegExp][] = [
  ['without a JWS', plain, 'signature-unverified', /no JWS that verifies/],
  ['whose JWS is none', { ...good, jws: 'a.b.c' }, 'signature-unverified', /no JWS that verifies/],
  [
    'whose JWS is no text',
    { ...good, jws: 7 },
    'signature-unverified',
    /huisbrug protocol sign wm-vdab --party vdab/,
  ],
  [
    'that is no object',
    'vdab',
    'signature-unverified',
    /huisbrug protocol sign wm-vdab --party vdab/,
  ],
  [
    'signed with a key that is not registered',
    { ...good, jws: byAnother('woonboog') },
    'signature-unknown-key',
    /its key is not registered/,
  ],
  [
    'over another digest',
    line({ digest: 'A'.repeat(43) }),
    'signature-other-digest',
    /it signed another text/,
  ],
  [
    'whose copy says this digest and whose JWS another',
    { ...line({ digest: 'A'.repeat(43) }), digest: good.digest },
    'signature-other-digest',
    /it signed another text/,
  ],
  [
    'of a party to nothing here',
    line({ party: 'leefgoed' }),
    'signature-wrong-party',
    /huisbrug protocol sign wm-vdab --party vdab/,
  ],
  [
    'that another party signed',
    { ...line({ party: 'woonboog' }), party: 'vdab' },
    'signature-wrong-party',
    /another party signed for it/,
  ],
  [
    'with another date beside it',
    { ...good, date: '2025-05-11' },
    'signature-differs',
    /beside its JWS is not what it signed/,
  ],
  [
    'with another statement beside it',
    { ...line({ statement: 'reject' }), statement: 'accept' },
    'signature-differs',
    /beside its JWS is not what it signed/,
  ],
  [
    'over another protocol',
    { ...good, jws: makeJws(testKey('vdab'), { ...claimsOf(framework, good), protocol: 'other' }) },
    'signature-other-digest',
    /it signed another text/,
  ],
]

test('a line that is in order counts, without a remark', () => {
  expect(outcome([good])).toMatchObject({ codes: [], status: 'in-force', rest: 'in-force' })
})

describe.each(BAD)('a line %s', (_, bad, code, remedy) => {
  test('does not count, and says so', () => {
    const found = outcome([bad])
    expect(found).toMatchObject({ codes: [code], severities: ['warning'], status: 'HB-304' })
    expect(found.remedy).toMatch(remedy)
    expect(found.rest).toBe('in-force')
  })

  test('takes down nothing: beside a good one the document is in force', () => {
    for (const lines of [
      [bad, good],
      [good, bad],
    ]) {
      expect(outcome(lines)).toMatchObject({ codes: [code], status: 'in-force', rest: 'in-force' })
    }
  })
})

test('the same line twice counts once, and the second is told', () => {
  expect(outcome([good, good])).toMatchObject({ codes: ['signature-twice'], status: 'in-force' })
  const again = {
    ...good,
    jws: makeJws(testKey('vdab'), { ...claimsOf(framework, good), iat: 1_747_050_000 }),
  }
  expect(outcome([good, again])).toMatchObject({ codes: ['signature-twice'], status: 'in-force' })
})

test('an acceptance, a rejection and an acceptance again are no doubles', () => {
  const lines = [good, line({ statement: 'reject' }), line({ date: '2025-06-01' })]
  expect(outcome(lines)).toMatchObject({ codes: [], status: 'in-force' })
})

test('no remark repeats anything of what was signed', () => {
  const secret = 'geheim-85073003328'
  const claims = { ...claimsOf(framework, good), signer: secret, protocol: 'elsewhere' }
  const bad = { ...good, jws: makeJws(testKey('vdab'), claims, { kid: secret }) }
  expect(JSON.stringify(outcome([bad]).remarks)).not.toContain(secret)
})

test('a record that is not JSON takes down its own document, the rest keeps working', () => {
  const set = withLines([], '{ "half')
  expect(statusAt(set.protocols.get('wm-vdab')!, IN_FORCE)).toMatchObject({ code: 'HB-317' })
  expect(statusAt(set.protocols.get('wm-vdab-woonboog')!, IN_FORCE, framework)).toBe('in-force')
  expect(decide(set, question())).toMatchObject({ code: 'HB-317' })
})

test('a suspension without the shape of one is no small matter: the document is not valid', () => {
  const record = { ...signed(framework), suspensions: [{ by: 'vdab' }] }
  const set = withLines([], JSON.stringify(record))
  expect(statusAt(set.protocols.get('wm-vdab')!, IN_FORCE)).toMatchObject({ code: 'HB-317' })
})
