import { decide } from '../../src/protocol/decide.ts'
import type { Accession, Agreement, Protocol } from '../../src/protocol/document.ts'
import { stateAt, statusAt } from '../../src/protocol/lifecycle.ts'
import { type ProtocolSet, parseFolder } from '../../src/protocol/load.ts'
import { accessionOf, frameworkOf, versionsOf } from '../../src/protocol/lookup.ts'
import { assembleSigned, signLines } from '../support/statements.ts'
import { folderOf, question, sampleAccession, sampleFramework, signed } from './sample.ts'

const at = (day: string) => new Date(`${day}T12:00:00Z`)

interface Version {
  document: Protocol
  /** When all sign; never where it is left out. */
  signedOn?: string
  revokedOn?: string
  suspendedFrom?: string
}

function framework(version: string, changes: Partial<Agreement> = {}): Agreement {
  const sample = sampleFramework()
  const { protocolId = sample.protocolId } = changes
  const domain = `${protocolId}/${Number.parseInt(version, 10)}`
  return {
    ...sample,
    version,
    ...changes,
    duration: { ...sample.duration, ...changes.duration },
    modalities: { ...sample.modalities, domain },
  }
}

function accession(version: string, frameworkVersion: string, changes: Partial<Accession> = {}) {
  const { frameworkDigest: _, ...sample } = sampleAccession()
  return { ...sample, version, frameworkVersion, ...changes }
}

/** Each document in a folder of its own, signed and published on its day. */
function setOf(day: string, ...versions: Version[]): ProtocolSet {
  const folders = versions.map(({ document, signedOn, revokedOn, suspendedFrom }, index) => {
    const record = signed(document, signedOn)
    if (!signedOn) record.signatures = []
    if (revokedOn) {
      const { jws: _, ...first } = record.signatures[0]!
      record.signatures.push({ ...first, statement: 'revoke', date: revokedOn })
    }
    record.signatures = signLines(document, record.signatures)
    if (suspendedFrom) {
      const from = `${suspendedFrom}T00:00:00.000Z`
      record.suspensions.push({ from, until: null, by: 'vdab', reason: 'test' })
    }
    return { ...folderOf(document, record), folder: `${document.protocolId}-${index}` }
  })
  return assembleSigned(folders.map(parseFolder), at(day))
}

/** Which version leads, and in what state. */
function leads(set: ProtocolSet, day: string, id = 'wm-vdab'): string {
  const protocol = set.protocols.get(id)
  if (!protocol) return 'none'
  const status = statusAt(protocol, at(day), frameworkOf(set, protocol))
  return `${protocol.version} ${status === 'in-force' ? status : status.code}`
}

const refusals = (set: ProtocolSet) =>
  set.findings
    .filter(({ severity }) => severity === 'refused')
    .map(({ protocol, folder, code }) => `${protocol} ${folder} ${code}`)

const OLD = { document: framework('1.0.0'), signedOn: '2025-05-12' }
const starting = (from: string) => ({ ...sampleFramework().duration, from })

describe('of several versions of one protocol', () => {
  const draft = { document: framework('1.10.0', { supersedes: '1.0.0' }) }

  test('a newer draft leaves the version in force where it is', () => {
    const set = setOf('2026-01-01', draft, OLD)
    expect(leads(set, '2026-01-01')).toBe('1.0.0 in-force')
    expect(versionsOf(set, 'wm-vdab').map(one => one.version)).toEqual(['1.0.0', '1.10.0'])
    expect(refusals(set)).toEqual([])
  })

  test('with none in force the newest leads, by number and not by letter', () => {
    const drafts = ['1.9.0', '1.10.0', '1.2.0'].map(one => ({ document: framework(one) }))
    expect(leads(setOf('2026-01-01', ...drafts), '2026-01-01')).toBe('1.10.0 HB-304')
  })

  test('a version that names the former takes over on its first day', () => {
    const document = framework('2.0.0', { supersedes: '1.0.0', duration: starting('2026-03-01') })
    const next = { document, signedOn: '2025-12-01' }
    const leader = (day: string) => leads(setOf(day, OLD, next), day)
    expect(leader('2026-02-28')).toBe('1.0.0 in-force')
    expect(leader('2026-03-01')).toBe('2.0.0 in-force')
    const [old] = versionsOf(setOf('2026-03-01', OLD, next), 'wm-vdab')
    expect(old?.replacedBy).toBe('2.0.0')
    expect(statusAt(old!, at('2026-03-01'))).toMatchObject({ code: 'HB-306', path: 'version' })
    expect(stateAt(old!, at('2026-03-01'))).toBe('expired')
  })

  test('two in force at once, of which neither names the other: neither executes', () => {
    const next = { document: framework('2.0.0'), signedOn: '2025-12-01' }
    expect(leads(setOf('2025-11-30', OLD, next), '2025-11-30')).toBe('1.0.0 in-force')
    const accessions = { document: accession('1.0.0', '2.0.0'), signedOn: '2025-12-01' }
    const set = setOf('2025-12-01', OLD, next, accessions)
    expect(leads(set, '2025-12-01')).toBe('2.0.0 HB-320')
    expect(refusals(set)).toEqual([
      'wm-vdab wm-vdab-0 two-in-force',
      'wm-vdab wm-vdab-1 two-in-force',
    ])
    expect(decide(set, question({ at: at('2025-12-01') }))).toMatchObject({ code: 'HB-320' })
  })

  test('a third that names both ends the clash', () => {
    const second = { document: framework('2.0.0', { supersedes: '1.0.0' }), signedOn: '2025-12-01' }
    const third = { document: framework('3.0.0', { supersedes: '2.0.0' }), signedOn: '2025-12-02' }
    expect(leads(setOf('2025-12-02', third, OLD, second), '2025-12-02')).toBe('3.0.0 in-force')
    const skipping = { document: framework('2.0.0', { supersedes: '1.0.0' }) }
    expect(leads(setOf('2025-12-02', third, OLD, skipping), '2025-12-02')).toBe('3.0.0 in-force')
  })

  test('the former does not come back when its successor is suspended, revoked or over', () => {
    const next = framework('2.0.0', { supersedes: '1.0.0' })
    const ended = framework('2.0.0', {
      supersedes: '1.0.0',
      duration: { ...next.duration, until: '2026-01-31' },
    })
    const signedOn = '2025-12-01'
    const led = (version: Version) => leads(setOf('2026-02-15', OLD, version), '2026-02-15')
    expect(led({ document: next, signedOn, suspendedFrom: '2026-02-01' })).toBe('2.0.0 HB-307')
    expect(led({ document: next, signedOn, revokedOn: '2026-02-01' })).toBe('2.0.0 HB-306')
    expect(led({ document: ended, signedOn })).toBe('2.0.0 HB-306')
  })

  test('one revoked before its first day never took over', () => {
    const document = framework('2.0.0', { supersedes: '1.0.0', duration: starting('2026-03-01') })
    const next = { document, signedOn: '2025-12-01', revokedOn: '2026-02-01' }
    expect(leads(setOf('2026-04-01', OLD, next), '2026-04-01')).toBe('1.0.0 in-force')
  })

  test('a suspended one leads before a newer draft', () => {
    const suspended = { ...OLD, suspendedFrom: '2025-12-01' }
    expect(leads(setOf('2026-01-01', suspended, draft), '2026-01-01')).toBe('1.0.0 HB-307')
  })

  test('that replace one another in a circle none counts, and another protocol goes on', () => {
    const circle = [
      { document: framework('1.0.0', { supersedes: '3.0.0' }), signedOn: '2025-05-12' },
      { document: framework('2.0.0', { supersedes: '1.0.0' }), signedOn: '2025-05-12' },
      { document: framework('3.0.0', { supersedes: '2.0.0' }), signedOn: '2025-05-12' },
      { document: framework('4.0.0', { supersedes: '3.0.0' }) },
      { document: framework('1.0.0', { protocolId: 'other' }), signedOn: '2025-05-12' },
    ]
    const set = setOf('2026-01-01', ...circle)
    expect(refusals(set)).toEqual([
      'wm-vdab wm-vdab-0 cyclic-supersedes',
      'wm-vdab wm-vdab-1 cyclic-supersedes',
      'wm-vdab wm-vdab-2 cyclic-supersedes',
    ])
    expect(leads(set, '2026-01-01', 'other')).toBe('1.0.0 in-force')
    const signedFourth = { ...circle[3]!, signedOn: '2025-05-12' }
    const mended = setOf('2026-01-01', ...circle.with(3, signedFourth))
    expect(leads(mended, '2026-01-01')).toBe('4.0.0 in-force')
  })

  test('one that replaces itself is a circle of one', () => {
    const own = { document: framework('1.0.0', { supersedes: '1.0.0' }), signedOn: '2025-05-12' }
    expect(refusals(setOf('2026-01-01', own))).toEqual(['wm-vdab wm-vdab-0 cyclic-supersedes'])
  })
})

describe('accessions beside a new version of their framework', () => {
  const next = {
    document: framework('2.0.0', { supersedes: '1.0.0', duration: starting('2026-03-01') }),
    signedOn: '2025-12-01',
  }
  const joined = { document: accession('1.0.0', '1.0.0'), signedOn: '2025-05-12' }
  const joinedNext = {
    document: accession('2.0.0', '2.0.0', { supersedes: '1.0.0' }),
    signedOn: '2025-12-15',
  }
  const leader = (day: string, ...all: Version[]) =>
    leads(setOf(day, OLD, next, ...all), day, 'wm-vdab-woonboog')

  test('count for the framework version that leads, signed in advance or not', () => {
    expect(leader('2026-02-28', joined, joinedNext)).toBe('1.0.0 in-force')
    expect(leader('2026-03-01', joined, joinedNext)).toBe('2.0.0 in-force')
    expect(
      decide(setOf('2026-03-01', OLD, next, joined, joinedNext), {
        ...question({ at: at('2026-03-01') }),
      }).allow,
    ).toBe(true)
  })

  test('who did not accede anew is out, and the others are not', () => {
    const leefgoed = {
      document: { ...sampleAccession('leefgoed'), version: '1.0.0' },
      signedOn: '2025-06-10',
    }
    const set = setOf('2026-03-01', OLD, next, joined, joinedNext, leefgoed)
    expect(leads(set, '2026-03-01', 'wm-vdab-leefgoed')).toBe('1.0.0 HB-304')
    expect(leads(set, '2026-03-01', 'wm-vdab-woonboog')).toBe('2.0.0 in-force')
    expect(stateAt(set.protocols.get('wm-vdab-leefgoed')!, at('2026-03-01'), next.document)).toBe(
      'expired',
    )
  })

  test('of two ids that of the leading framework version is found', () => {
    const other = {
      document: accession('1.0.0', '2.0.0', { protocolId: 'wm-vdab-woonboog-2' }),
      signedOn: '2025-12-15',
    }
    const found = (day: string) =>
      accessionOf(setOf(day, OLD, next, joined, other), 'wm-vdab', 'woonboog')?.id
    expect(found('2026-02-28')).toBe('wm-vdab-woonboog')
    expect(found('2026-03-01')).toBe('wm-vdab-woonboog-2')
    expect(refusals(setOf('2026-03-01', OLD, next, joined, other))).toEqual([])
  })

  test('to a framework that is suspended: in order themselves, and nothing moves', () => {
    const set = setOf('2026-01-01', { ...OLD, suspendedFrom: '2025-12-01' }, joined)
    expect(leads(set, '2026-01-01', 'wm-vdab-woonboog')).toBe('1.0.0 in-force')
    expect(decide(set, question({ at: at('2026-01-01') }))).toMatchObject({ code: 'HB-307' })
  })
})
