import { type Command, Option } from 'commander'
import { type Agreement, isRefused, type LoadedProtocol } from '../../protocol/document.ts'
import { signableFrom } from '../../protocol/lifecycle.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { readStatement, type StatementClaims, signStatement } from '../../protocol/statement.ts'
import { chooseDocument, dateGiven, frameworkNamed, partyOf, protocolsDir } from './documents.ts'
import { amendRecord } from './record-file.ts'
import { lines, type Options, open, print, type Report, simple } from './report.ts'
import { readSigningKey, type SigningKey } from './signing-key.ts'

/** What `protocol sign` is given. */
export interface SignOptions {
  party: string
  key: string
  statement: 'accept' | 'reject' | 'revoke'
  kid?: string
  signer?: string
  function?: string
  date?: string
  version?: string
}

/** What has to be signed under which claims. */
interface Job {
  protocol: LoadedProtocol
  claims: StatementClaims
  earliest: string
}

interface Signed {
  protocol: string
  version: string
  party: string
  statement: string
  digest: string
  date: string
  /** False where it had been signed before. */
  written: boolean
  /** Who revoked this text: no acceptance of it counts any more, once that verified. */
  revokedBy: string[]
  file: string
}

/** `protocol sign <ids...>`. */
export function signCommand(protocol: Command, now: () => Date): void {
  const statements = ['accept', 'reject', 'revoke']
  simple(protocol, 'sign <ids...>', 'sign a statement of a party over documents as they are now')
    .requiredOption('--party <id>', 'who signs')
    .requiredOption('--key <file>', 'its private key: PEM (PKCS8) or JWK')
    .addOption(
      new Option('--statement <kind>', 'what it states; revoke is final for this text')
        .choices(statements)
        .default('accept'),
    )
    .option(
      '--kid <kid>',
      'the kid of the registered key (default: that of the JWK, or thumbprint)',
    )
    .option('--signer <name>', 'who signs for it (default: its representative)')
    .option('--function <function>', 'function of the signer (default: of its representative)')
    .option('--date <date>', 'date of signing (default: today)')
    .option('--version <version>', 'which version, where there are several')
    .action(async (ids: string[], options: Options & SignOptions, command: Command) =>
      print(command, options, await signReport(open(), protocolsDir(), ids, options, now())),
    )
}

/**
 * `protocol sign <ids…>`: signs a statement of a party over each document and puts it in its
 * signatures.json; what is there stays. Nothing is written where one of the documents is refused.
 * @throws Error that says why not
 */
export async function signReport(
  set: ProtocolSet,
  dir: string,
  ids: readonly string[],
  options: SignOptions,
  now: Date,
): Promise<Report> {
  const key = await readSigningKey(options.key, options.kid)
  const jobs = ids.map(id => jobFor(set, id, options, now))
  const signed: Signed[] = []
  for (const job of jobs) signed.push(await carryOut(dir, job, key, options.date === undefined))
  return { json: { kid: key.kid, items: signed }, text: lines(signed.flatMap(told)) }
}

function jobFor(set: ProtocolSet, id: string, options: SignOptions, now: Date): Job {
  const protocol = chooseDocument(set, id, options.version)
  const { representative } = partyOf(protocol, options.party)
  const date = dateGiven(options.date, now)
  const framework = frameworkNamed(set, protocol.document)
  const earliest = signableFrom(protocol.document, framework)
  if (options.statement === 'accept') assertAcceptable(protocol, date, framework)
  const claims = {
    iss: options.party,
    protocol: protocol.id,
    version: protocol.version,
    digest: protocol.digest,
    statement: options.statement,
    signer: options.signer ?? representative.name,
    function: options.function ?? representative.function,
    date,
    iat: Math.floor(now.getTime() / 1000),
  }
  return { protocol, claims, earliest }
}

function assertAcceptable(
  protocol: LoadedProtocol,
  date: string,
  framework: Agreement | undefined,
): void {
  const { id, document } = protocol
  if (isRefused(protocol)) {
    throw new Error(`${id} may not be accepted as it is: see huisbrug protocol lint ${id}`)
  }
  const decree = signableFrom({ ...document, dpoAdvice: [] }, framework)
  if (date < decree) throw new Error(`${id} may be signed from ${decree}: its decree comes first`)
  const earliest = signableFrom(document, framework)
  if (date < earliest)
    throw new Error(`${id} may be signed from ${earliest}: its advices come first`)
}

async function carryOut(
  dir: string,
  { protocol, claims, earliest }: Job,
  { key, kid, alg }: SigningKey,
  anyDate: boolean,
): Promise<Signed> {
  const jws = await signStatement(key, kid, alg, claims)
  const { iss: party, statement, date, digest, function: role, version } = claims
  let before: string | undefined
  const file = await amendRecord(dir, protocol, record => {
    const latest = record.signatures.findLast(one => one.party === party && one.digest === digest)
    const read = readStatement(latest?.jws ?? '')
    const same =
      read !== 'malformed' &&
      read.kid === kid &&
      read.claims.statement === statement &&
      (read.claims.date === date || (anyDate && read.claims.date >= earliest))
    if (same) before = read.claims.date
    const line = { party, function: role, date, statement, digest, jws }
    return same ? undefined : { ...record, signatures: [...record.signatures, line] }
  })
  const written = before === undefined
  const revokedBy = protocol.record.signatures
    .filter(one => one.statement === 'revoke' && one.digest === digest)
    .map(one => one.party)
  return {
    ...{ protocol: protocol.id, version, party, statement, digest },
    ...{ date: before ?? date, written, revokedBy: [...new Set(revokedBy)], file },
  }
}

const DONE = { accept: 'accepts', reject: 'rejects', revoke: 'revokes its signature under' }

function told({
  protocol,
  version,
  party,
  statement,
  digest,
  date,
  written,
  revokedBy,
  file,
}: Signed): string[] {
  const what = `${party} ${DONE[statement as keyof typeof DONE]} ${protocol} ${version}`
  if (!written) return [`${what} already, since ${date}: nothing changed`]
  const isVain = statement === 'accept' && revokedBy.length > 0
  const final = [
    ...(isVain
      ? [`  but ${revokedBy.join(', ')} revoked this text: it does not come in force`]
      : []),
    ...(isVain || statement === 'revoke' ? ['  final: only a new version can take its place'] : []),
  ]
  return [`${what}, dated ${date}`, `  digest ${digest}`, `  in ${file}`, ...final]
}
