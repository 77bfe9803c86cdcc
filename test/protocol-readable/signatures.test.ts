import type { Obstacle } from '../../src/protocol/lifecycle.ts'
import type { VerifiedStatement } from '../../src/protocol/notes.ts'
import { explainObstacle } from '../../src/protocol/readable/obstacle.ts'
import { signatureBlocks } from '../../src/protocol/readable/signatures.ts'
import { fullFramework, fullRecord, loadedAs } from './samples.ts'

const protocol = loadedAs(fullFramework())
const [accepted] = protocol.statements as VerifiedStatement[]

function rowsOf(one: Parameters<typeof signatureBlocks>[0]): string[][] {
  const [table] = signatureBlocks(one)
  if (table?.kind !== 'table') return []
  return table.rows.map(row => row.flatMap(({ text, notes }) => [text, ...notes]))
}

describe('the table of signatures', () => {
  test('tells who, in which function, when, what, and with which key it was verified', () => {
    expect(rowsOf(protocol)[0]).toEqual([
      'Vlaamse Dienst voor Arbeidsbemiddeling en Beroepsopleiding (VDAB)',
      'Voorbeeldnaam',
      'bestuurder',
      '10 maart 2025',
      'akkoord',
      'ja',
      'Sleutel: sleutel-van-vdab',
    ])
  })

  test('a line without a digital signature, or over another text, does not count', () => {
    const [, second] = rowsOf(protocol)
    expect(second).toContain('nee, telt niet')
    expect(second).toContain('Zonder digitale handtekening (JWS).')
    expect(second).toContain('Voor een andere tekst:')
  })

  test('a line of which nothing verified does not count, whatever it says', () => {
    const rows = rowsOf({ ...protocol, statements: [] })
    expect(rows.every(row => row.includes('nee, telt niet'))).toBe(true)
    const other = { ...accepted!, date: '2025-03-11' }
    expect(rowsOf({ ...protocol, statements: [other] })[0]).toContain('nee, telt niet')
  })

  test('a revocation that the file has lost stays', () => {
    const revoked = { ...accepted!, statement: 'revoke' as const, date: '2025-04-01' }
    const rows = rowsOf({ ...protocol, statements: [accepted!, revoked] })
    expect(rows).toHaveLength(3)
    expect(rows[2]).toContain('ingetrokken')
    expect(rows[2]).toContain('Staat niet meer in het bestand, maar blijft gelden.')
  })

  test('names who has not signed', () => {
    const blocks = signatureBlocks({ ...protocol, statements: [] })
    expect(JSON.stringify(blocks)).toContain('Nog geen nagekeken handtekening van: Vlaamse Dienst')
    expect(signatureBlocks(protocol)).toHaveLength(1)
  })
})

describe('why a document is not in force', () => {
  const presented = fullRecord(protocol.document)
    .signatures.slice(0, 1)
    .map(line => ({
      protocol: 'wm-vdab',
      version: '1.0.0',
      digest: line.digest,
      party: line.party,
      copies: { statement: line.statement, function: line.function, date: line.date },
      jws: line.jws ?? '',
      kid: 'vdab-1',
    }))

  test.each<[Obstacle, RegExp, Partial<typeof protocol> & { replacedBy?: string }]>([
    [{ code: 'HB-304', path: 'signatures[vdab]' }, /heeft deze versie niet geldig onder/, {}],
    [
      { code: 'HB-304', path: 'signatures[vdab]' },
      /^De handtekening van Vlaamse Dienst .* is niet nagekeken\.$/,
      { presented: presented as never, statements: [] },
    ],
    [
      { code: 'HB-306', path: 'version' },
      /^Versie 2\.0\.0 kwam in de plaats\.$/,
      { replacedBy: '2.0.0' },
    ],
    [{ code: 'HB-318', path: 'dpoAdvice[vdab]' }, /ontbreekt voor Vlaamse Dienst/, {}],
    [{ code: 'HB-318', path: 'dpoAdvice' }, /gegevensbescherming ontbreekt\.$/, {}],
    [
      { code: 'HB-318', path: 'dpoAdvice[vdab].reasonNotFollowed' },
      /is niet gevolgd, en er staat niet waarom/,
      {},
    ],
    [{ code: 'HB-319', path: 'publication[vdab]' }, /nog niet bekendgemaakt door Vlaamse/, {}],
    [{ code: 'HB-320', path: 'supersedes' }, /Twee versies van het protocol gelden tegelijk/, {}],
    [{ code: 'HB-901', path: 'ergens' }, /^Reden: HB-901, ergens\.$/, {}],
  ])('%j', (obstacle, text, changes) => {
    expect(explainObstacle(obstacle, { ...protocol, ...changes }, undefined)).toMatch(text)
  })
})

describe('preconditions, in plain Dutch', () => {
  const text = async (change: (document: ReturnType<typeof fullFramework>) => void) => {
    const { messageBlocks } = await import('../../src/protocol/readable/data.ts')
    const document = fullFramework()
    change(document)
    return JSON.stringify(messageBlocks(document))
  }

  test('participation and objection, with the fields and the messages that they name', async () => {
    const told = await text(() => {})
    expect(told).toContain('De persoon tekende een deelname die de ontvangers noemt.')
    expect(told).toContain('“Peildatum”, veld referenceDate')
    expect(told).toContain('veld participationDocument')
    expect(told).toContain('“Einde van de huur” (tenancy.ended)')
    expect(told).toContain('De persoon wordt eerst verwittigd')
    expect(told).toContain('Na 7 dagen gaat het door, tenzij de persoon bezwaar maakte')
    expect(told).toContain('objection.raised')
  })

  test('only what the message asks', async () => {
    const told = await text(document => {
      document.messageTypes[0]!.preconditions = {
        objectionWindow: { days: 1, announcedField: 'a', objectedBy: 'b.c' },
      }
    })
    expect(told).toContain('Na 1 dag gaat het door')
    expect(told).not.toContain('tekende een deelname')
    const none = await text(document => {
      delete document.messageTypes[0]!.preconditions
    })
    expect(none).not.toContain('Voorwaarden vooraf')
  })
})
