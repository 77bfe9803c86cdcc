import type { LoadedProtocol, Protocol, Signatures } from '../document.ts'
import type { VerifiedStatement } from '../notes.ts'
import { type Block, type Cell, cell, note, table } from './block.ts'
import { day, enumerate, word } from './words.ts'

type Line = Signatures['signatures'][number]

/**
 * The table of signatures: who stated what and when, and whether Huisbrug verified it. Only what is
 * verified counts; a revocation counts also where the file has lost it.
 */
export function signatureBlocks(protocol: LoadedProtocol): Block[] {
  const { document, record, digest, statements } = protocol
  const matched = record.signatures.map(line => [line, verifiedOf(protocol, line)] as const)
  const told = new Set(matched.map(([, verified]) => verified))
  const lost = statements.filter(one => one.statement === 'revoke' && !told.has(one))
  const rows = [
    ...matched.map(([line, verified]) => rowOf(document, digest, line, verified)),
    ...lost.map(one => lostRow(document, digest, one)),
  ]
  return [
    table(
      'Handtekeningen',
      ['Partij', 'Functie', 'Datum', 'Verklaring', 'Nagekeken?'],
      rows,
      'Niemand heeft dit document ondertekend.',
      [26, 20, 14, 14, 26],
    ),
    ...unsigned(protocol),
  ]
}

/** The verified statement that a line is the plain copy of. */
function verifiedOf({ statements }: LoadedProtocol, line: Line): VerifiedStatement | undefined {
  if (line.jws === undefined) return undefined
  return statements.find(
    one =>
      one.party === line.party &&
      one.statement === line.statement &&
      one.function === line.function &&
      one.date === line.date &&
      one.digest === line.digest,
  )
}

function rowOf(
  document: Protocol,
  digest: string,
  line: Line,
  verified: VerifiedStatement | undefined,
): Cell[] {
  const other = line.digest === digest ? [] : ['Voor een andere tekst:', line.digest]
  const signer = line.name ?? verified?.signer
  return [
    cell(nameOf(document, line.party), [signer]),
    cell(line.function),
    cell(day(line.date)),
    cell(word('statement', line.statement)),
    verified
      ? cell('ja', [`Sleutel: ${verified.thumbprint}`, ...other])
      : cell('nee, telt niet', [
          line.jws === undefined ? 'Zonder digitale handtekening (JWS).' : undefined,
          ...other,
        ]),
  ]
}

function lostRow(document: Protocol, digest: string, one: VerifiedStatement): Cell[] {
  return [
    cell(nameOf(document, one.party), [one.signer]),
    cell(one.function),
    cell(day(one.date)),
    cell(word('statement', one.statement)),
    cell('ja', [
      `Sleutel: ${one.thumbprint}`,
      'Staat niet meer in het bestand, maar blijft gelden.',
      ...(one.digest === digest ? [] : ['Voor een andere tekst:', one.digest]),
    ]),
  ]
}

function unsigned({ document, statements, digest }: LoadedProtocol): Block[] {
  const signed = statements.filter(one => one.statement === 'accept' && one.digest === digest)
  const names = document.parties
    .filter(({ id }) => !signed.some(({ party }) => party === id))
    .map(({ name }) => name)
  if (!names.length) return []
  return [note('warning', `Nog geen nagekeken handtekening van: ${enumerate(names)}.`)]
}

function nameOf(document: Protocol, party: string): string {
  return document.parties.find(({ id }) => id === party)?.name ?? party
}
