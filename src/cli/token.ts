import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import type { Check } from '../access/check.ts'
import { proofKeyOf } from '../access/dpop.ts'
import { explainToken, type TokenExplanation } from '../access/explain-token.ts'
import { readTrustedIssuers } from '../access/issuer-settings.ts'
import { importKeys, JwksError, parsePublicJwks } from '../access/public-jwks.ts'
import { readProcessConfig } from '../config.ts'

interface Options {
  publicUrl?: string
  jwks?: string
  method?: string
  url?: string
  token?: string
  json?: boolean
}

/**
 * `huisbrug token debug <jwt>`: tells what a client assertion, access token or DPoP proof says, what it
 * is held against, and what this gateway would refuse it for. Nothing leaves this machine and the
 * signature is never printed, so the output may be shared. Rejects with the reason where the gateway
 * would refuse it.
 */
export function tokenCommand(now: () => Date = () => new Date()): Command {
  const token = new Command('token').description('client assertions, access tokens, DPoP proofs')
  token
    .command('debug <jwt>')
    .description('explain a token without sending it anywhere; - reads it from standard input')
    .option(
      '--public-url <url>',
      'public URL of the gateway it is for (default: HUISBRUG_PUBLIC_URL)',
    )
    .option('--jwks <file>', 'also check the signature with the keys in this file')
    .option('--method <method>', 'of a DPoP proof: method of the call (default: POST)')
    .option('--url <url>', 'of a DPoP proof: address of the call (default: the token URL)')
    .option('--token <file>', 'of a DPoP proof: file with the access token of the call')
    .option('--json', 'print JSON')
    .action((jwt: string, options: Options, command: Command) =>
      debug(jwt, options, command, now()),
    )
  return token
}

async function debug(given: string, options: Options, command: Command, now: Date): Promise<void> {
  const jwt = bare(given === '-' ? readFileSync(0, 'utf8') : given)
  const config = readProcessConfig()
  const publicUrl = (options.publicUrl ?? config.publicUrl).replace(/\/+$/, '')
  const issuers = readTrustedIssuers({ ...config, publicUrl })
  const call = callOf(options, publicUrl)
  const explanation = explainToken(jwt, { publicUrl, now, issuers, call })
  if (!explanation) throw new Error('this is not a signed JWT: three parts with dots between them')
  const signature = await checkSignature(jwt, explanation, options.jwks)
  const wrong = ['wrong', 'no key', 'wrong key'].includes(signature)
  const report = { ...explanation, signature }
  const out = command.configureOutput()
  out.writeOut?.(options.json ? `${printable(report)}\n` : `${toLines(report, now).join('\n')}\n`)
  if (wrong || explanation.faults.length > 0) throw new Error('the gateway would not accept it')
}

// As pasted from a log or a header, with the scheme or the name before it.
function bare(text: string): string {
  return text
    .trim()
    .replace(/^(Authorization|DPoP): */i, '')
    .replace(/^(Bearer|DPoP) +/i, '')
}

function callOf({ method, url, token }: Options, publicUrl: string) {
  if (method === undefined && url === undefined && token === undefined) return undefined
  return {
    method: method ?? 'POST',
    url: url ?? `${publicUrl}/oauth/token`,
    token: token === undefined ? undefined : bare(readFileSync(token, 'utf8')),
  }
}

type SignatureCheck = 'not checked' | 'fits' | 'wrong' | 'no key' | 'own key' | 'wrong key'

async function checkSignature(
  jwt: string,
  { kind, header }: TokenExplanation,
  file: string | undefined,
): Promise<SignatureCheck> {
  // What is shown of a header is not what is verified: a key in it may be one that is not shown.
  if (kind === 'DPoP proof')
    return (await proofKeyOf(jwt, headerOf(jwt))) === undefined ? 'wrong key' : 'own key'
  if (!file) return 'not checked'
  return kind === 'external access token'
    ? verifyForeign(jwt, header, file)
    : verifyWith(jwt, header, file)
}

async function verifyWith(
  jwt: string,
  { kid, alg }: TokenExplanation['header'],
  file: string,
): Promise<SignatureCheck> {
  const keys = importKeys(await parsePublicJwks(readJson(file)))
  const key = keys.find(known => known.kid === kid && known.algorithms.some(name => name === alg))
  if (!key) return 'no key'
  return compactVerify(jwt, key.key, { algorithms: [...key.algorithms] }).then(
    () => 'fits' as const,
    () => 'wrong' as const,
  )
}

// The keys of an issuer are its own: they may be more, and of other kinds, than those of a party.
async function verifyForeign(
  jwt: string,
  { alg }: TokenExplanation['header'],
  file: string,
): Promise<SignatureCheck> {
  const keys = createLocalJWKSet(readJson(file) as JSONWebKeySet)
  return compactVerify(jwt, keys, { algorithms: [String(alg)] }).then(
    () => 'fits' as const,
    error => (error?.code === 'ERR_JWKS_NO_MATCHING_KEY' ? 'no key' : 'wrong'),
  )
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new JwksError('shape', 'the key file cannot be read, or is not JSON')
  }
}

function headerOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString('utf8'))
}

const SIGNATURES: Readonly<Record<SignatureCheck, string>> = {
  'not checked': 'not checked (give --jwks to check it here)',
  fits: 'fits a key of the file',
  wrong: 'WRONG: not made with the private key of that kid',
  'no key': 'WRONG: the file has no key with this kid and algorithm',
  'own key': 'fits the key that the proof brings',
  'wrong key': 'WRONG: jwk is no public key for alg, or did not sign this',
}

const TITLES: Readonly<Record<TokenExplanation['kind'], string>> = {
  'client assertion': 'A client assertion',
  'access token': 'An access token',
  'external access token': 'An access token of another issuer',
  'DPoP proof': 'A DPoP proof',
}

function toLines(report: TokenExplanation & { signature: SignatureCheck }, now: Date): string[] {
  return [
    TITLES[report.kind],
    'Header',
    ...members(report.header, now),
    'Claims',
    ...members(report.claims, now),
    'Checks',
    ...report.checks.map(checkLine),
    `Signature  ${SIGNATURES[report.signature]}`,
    report.faults.length === 0 ? 'Nothing else is wrong with it' : 'What is wrong',
    ...report.faults.flatMap(fault => [
      `  ${fault.code}  ${fault.rule}`,
      `          ${fault.remedy}`,
    ]),
  ]
}

function checkLine({ holds, rule, expected, found }: Check): string {
  return `  ${holds ? 'ok   ' : 'WRONG'}  ${rule}; expected: ${expected}; found: ${printable(found)}`
}

function members(object: Readonly<Record<string, unknown>>, now: Date): string[] {
  const width = Math.max(0, ...Object.keys(object).map(name => printable(name).length - 2))
  return Object.entries(object).map(
    ([name, value]) =>
      `  ${printable(name).slice(1, -1).padEnd(width)}  ${printable(value)}${inTime(name, value, now)}`,
  )
}

function inTime(name: string, value: unknown, now: Date): string {
  if (!['iat', 'exp', 'nbf'].includes(name) || typeof value !== 'number') return ''
  const at = new Date(value * 1000)
  if (Number.isNaN(at.getTime())) return ''
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000)
  const distance = seconds < 0 ? `${-seconds} s ago` : `in ${seconds} s`
  return `  ${at.toISOString()}, ${distance}`
}

// What a token holds was written by others and may carry codes for the terminal.
function printable(value: unknown): string {
  return JSON.stringify(value ?? null).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g,
    code => `\\u${code.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
