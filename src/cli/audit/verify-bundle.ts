import { readFileSync } from 'node:fs'
import { importKeys, type PublicKey, parsePublicJwks } from '../../access/public-jwks.ts'
import { type BundleTrust, checkBundle } from '../../audit/bundle-check.ts'
import type { BundleReport } from '../../audit/bundle-report.ts'
import { type CosignatureVerifier, cosignatureVerifier } from '../../audit/cosignature.ts'
import { type NoteVerifier, noteVerifier } from '../../audit/note.ts'

/** What `audit verify` is told about a bundle; nothing of it comes from the bundle. */
export interface BundleOptions {
  logKey?: string[]
  witness?: string[]
  receiptKeys?: string[]
  /** `<party>=<file>` each. */
  partyKeys?: string[]
  body?: string
  json?: boolean
}

/**
 * Checks a bundle and prints what was checked, with which key: no database, no settings, no network.
 * Sets exit code 1 where something is wrong.
 * @throws Error where a file or a key cannot be read
 */
export async function verifyBundle(file: string, options: BundleOptions): Promise<void> {
  const trust = await readTrust(options)
  const report = await checkBundle(readFile(file, 'bundle').toString('utf8'), trust)
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describe(report))
  if (!report.ok) process.exitCode = 1
}

/**
 * Reads the keys that a reader trusts.
 * @throws Error where a file or a key cannot be read
 */
export async function readTrust(options: BundleOptions): Promise<BundleTrust> {
  const { logKey = [], witness = [], receiptKeys = [], partyKeys = [], body } = options
  const receipts: PublicKey[] = []
  for (const file of receiptKeys) receipts.push(...(await readJwks(file)))
  const parties = new Map<string, PublicKey[]>()
  for (const given of partyKeys) {
    const [, party, file] = /^([A-Za-z0-9._-]{1,64})=(.+)$/.exec(given) ?? []
    if (!party || !file)
      throw new Error('--party-keys takes <party>=<file>, such as vdab=vdab.jwks')
    parties.set(party, [...(parties.get(party) ?? []), ...(await readJwks(file))])
  }
  return {
    log: logKey.map(key => readLogKey(key)),
    witnesses: witness.map(key => readWitnessKey(key)),
    receipts,
    parties,
    ...(body !== undefined && { body: readFile(body, 'body') }),
    now: new Date(),
  }
}

function readLogKey(given: string): NoteVerifier {
  try {
    return noteVerifier(keyText(given))
  } catch {
    throw new Error('--log-key takes the line that huisbrug audit key prints, or a file with it')
  }
}

function readWitnessKey(given: string): CosignatureVerifier {
  try {
    return cosignatureVerifier(keyText(given))
  } catch {
    throw new Error('--witness takes the verifier key of a witness, or a file with it')
  }
}

// A verifier key has two plus signs, and hardly a file has.
function keyText(given: string): string {
  return given.split('+').length >= 3 ? given : readFile(given, 'key').toString('utf8').trim()
}

async function readJwks(file: string): Promise<PublicKey[]> {
  const text = readFile(file, 'key set').toString('utf8')
  try {
    return importKeys(await parsePublicJwks(JSON.parse(text)))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message
    throw new Error(`${file} is no set of public keys (JWKS): ${why}`)
  }
}

function readFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    throw new Error(`the ${what} ${path} cannot be read`)
  }
}

const MARKS = { fits: 'fits       ', 'not checked': 'not checked', wrong: 'WRONG      ' } as const

function describe({ ok, checks }: BundleReport): string {
  const lines = checks.map(({ name, result, what }) => {
    return `${MARKS[result]}  ${name.padEnd(10)}  ${what}`
  })
  const unchecked = checks.filter(({ result }) => result === 'not checked').length
  const last = checks.at(-1)
  const more = unchecked > 0 ? `, ${unchecked} not checked` : ''
  const verdict = ok
    ? `Nothing is wrong with this evidence${more}.`
    : `This evidence is WRONG: ${last?.name}: ${last?.what}.`
  return `${lines.join('\n')}\n${verdict}\n`
}
