import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyPair } from '../../src/client/index.ts'
import { digestOf, type Protocol, type Signatures } from '../../src/protocol/document.ts'
import type { NotesSource } from '../../src/protocol/kept-notes.ts'
import { assemble, type FolderResult, type ProtocolSet } from '../../src/protocol/load.ts'
import { NO_NOTES, type NotedSuspension, type Notes } from '../../src/protocol/notes.ts'

type Line = Signatures['signatures'][number]

const pairs = new Map<string, KeyPair>()

/** The key pair of a party: the same in all of one test process. */
export function testKey(party: string): KeyPair {
  const pair = pairs.get(party) ?? makePair()
  pairs.set(party, pair)
  return pair
}

function makePair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { crv, kty, x } = publicKey.export({ format: 'jwk' })
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
  const jwk = (key: KeyObject) => ({
    ...key.export({ format: 'jwk' }),
    ...{ alg: 'EdDSA', use: 'sig', kid },
  })
  return { publicKey: jwk(publicKey), privateKey: jwk(privateKey) } as KeyPair
}

/** A statement as a compact JWS, made by node:crypto alone: the second implementation. */
export function makeJws(pair: KeyPair, claims: object, header: object = {}): string {
  const { kid } = pair.privateKey
  const head = { alg: 'EdDSA', kid, typ: 'protocol-statement+jwt', ...header }
  const parts = [head, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const key = createPrivateKey({ key: pair.privateKey as JsonWebKey, format: 'jwk' })
  return [...parts, sign(null, Buffer.from(parts.join('.')), key).toString('base64url')].join('.')
}

/** What the JWS of a line says. */
export function claimsOf(document: Protocol, line: Line, iat = secondsOf(line.date)) {
  const { protocolId: protocol, version, parties } = document
  const { party: iss, digest, statement, function: role, date, name } = line
  const signer = name ?? parties.find(({ id }) => id === iss)?.representative.name ?? role
  return { iss, protocol, version, digest, statement, signer, function: role, date, iat }
}

function secondsOf(date: string): number {
  return Math.floor(Math.min(Date.parse(`${date}T12:00:00Z`), Date.now() - 1_000) / 1000)
}

/** Signs each line of a record that is not signed as it is now, with the key of its party. */
export function signLines(document: Protocol, lines: readonly Line[]): Line[] {
  return lines.map(line => {
    const claims = claimsOf(document, line)
    const { iat: _, ...said } = claims
    const signed = line.jws ? JSON.parse(payloadOf(line.jws)) : {}
    const same = Object.entries(said).every(([name, value]) => signed[name] === value)
    return same ? line : { ...line, jws: makeJws(testKey(line.party), claims) }
  })
}

/** An acceptance of every party over a document as it is now. */
export function acceptances(document: Protocol, date: string): Line[] {
  const digest = digestOf(document)
  const lines = document.parties.map(({ id, representative }) => ({
    ...{ party: id, function: representative.function, date, digest },
    statement: 'accept' as const,
  }))
  return signLines(document, lines)
}

/** A date on which a document with such a record may be signed: that of its first publication. */
export function signingDate(document: Protocol, record: Signatures | undefined): string {
  const dates = (record?.publication ?? []).map(({ date }) => date).toSorted()
  return dates[0] ?? document.duration.from
}

/** Has every party sign every document of a folder, on the day that it is published. */
export function signFolders(dir: string): void {
  for (const folder of readdirSync(dir)) {
    if (existsSync(join(dir, folder, 'protocol.json'))) {
      writeRecord(join(dir, folder), (record, document) => {
        record.signatures = acceptances(document, signingDate(document, record))
      })
    }
  }
}

/** Changes a record; what is not signed as it is then is signed. */
export function writeRecord(
  folder: string,
  amend: (record: Signatures, document: Protocol) => void,
): void {
  const file = join(folder, 'signatures.json')
  const document = JSON.parse(readFileSync(join(folder, 'protocol.json'), 'utf8')) as Protocol
  const record = JSON.parse(readFileSync(file, 'utf8')) as Signatures
  amend(record, document)
  record.signatures = signLines(document, record.signatures)
  writeFileSync(`${file}.new`, JSON.stringify(record))
  renameSync(`${file}.new`, file)
}

/** What the database would know, had every party registered its test key. */
export function notesFor(set: ProtocolSet): Notes {
  const verified = new Map(NO_NOTES.verified)
  const faults = new Map(NO_NOTES.faults)
  for (const { jws, party } of [...set.versions.values()].flat().flatMap(one => one.presented)) {
    const { publicKey } = testKey(party)
    if (!isSignedBy(jws, publicKey as JsonWebKey)) faults.set(jws, 'unknown-key')
    else {
      const { iss: _, iat, ...said } = JSON.parse(payloadOf(jws))
      const at = new Date(iat * 1000)
      verified.set(jws, { ...said, party, at, thumbprint: publicKey.kid ?? '' })
    }
  }
  return { ...NO_NOTES, verified, faults }
}

/** Whether a JWS is signed by a key, to go by node:crypto alone. */
export function isSignedBy(jws: string, publicKey: JsonWebKey): boolean {
  const [header = '', payload = '', signature = ''] = jws.split('.')
  const key = createPublicKey({ key: publicKey, format: 'jwk' })
  return verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))
}

/** Puts folders together with all signatures by test keys verified. */
export function assembleSigned(
  results: readonly (FolderResult | undefined)[],
  at = new Date(),
): ProtocolSet {
  return assemble(results, at, notesFor(assemble(results, at)))
}

function payloadOf(jws: string): string {
  return Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()
}

/** A source of notes that knows every test key, and these suspensions. */
export function testNotes(suspensions: NotedSuspension[] = []): NotesSource {
  return { statements: async set => notesFor(set), suspensions: async () => suspensions }
}
