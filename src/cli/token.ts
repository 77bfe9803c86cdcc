import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { compactVerify } from 'jose'
import { explainToken, type TokenExplanation } from '../access/explain-token.ts'
import { importKeys, JwksError, parsePublicJwks } from '../access/public-jwks.ts'
import { readProcessConfig } from '../config.ts'

interface Options {
  publicUrl?: string
  jwks?: string
  json?: boolean
}

/**
 * `huisbrug token debug <jwt>`: tells what a client assertion or access token says and what this
 * gateway would refuse it for. Nothing leaves this machine and the signature is never printed, so
 * the output may be shared. Rejects with the reason where the gateway would refuse it.
 */
export function tokenCommand(now: () => Date = () => new Date()): Command {
  const token = new Command('token').description('client assertions and access tokens')
  token
    .command('debug <jwt>')
    .description('explain a token without sending it anywhere; - reads it from standard input')
    .option(
      '--public-url <url>',
      'public URL of the gateway it is for (default: HUISBRUG_PUBLIC_URL)',
    )
    .option('--jwks <file>', 'also check the signature with the keys in this file')
    .option('--json', 'print JSON')
    .action((jwt: string, options: Options, command: Command) =>
      debug(jwt, options, command, now()),
    )
  return token
}

async function debug(given: string, options: Options, command: Command, now: Date): Promise<void> {
  const jwt = (given === '-' ? readFileSync(0, 'utf8') : given).trim().replace(/^Bearer +/i, '')
  const publicUrl = (options.publicUrl ?? readProcessConfig().publicUrl).replace(/\/+$/, '')
  const explanation = explainToken(jwt, { publicUrl, now })
  if (!explanation) throw new Error('this is not a signed JWT: three parts with dots between them')
  const signature = await checkSignature(jwt, explanation, options.jwks)
  const accepted =
    explanation.faults.length === 0 && signature !== 'wrong' && signature !== 'no key'
  const report = { ...explanation, signature }
  const out = command.configureOutput()
  out.writeOut?.(options.json ? `${printable(report)}\n` : `${toLines(report, now).join('\n')}\n`)
  if (!accepted) throw new Error('the gateway would not accept it')
}

type SignatureCheck = 'not checked' | 'fits' | 'wrong' | 'no key'

async function checkSignature(
  jwt: string,
  explanation: TokenExplanation,
  file: string | undefined,
): Promise<SignatureCheck> {
  if (!file) return 'not checked'
  const keys = await readKeys(file)
  const { kid, alg } = explanation.header
  const key = keys.find(known => known.kid === kid && known.algorithms.some(name => name === alg))
  if (!key) return 'no key'
  return compactVerify(jwt, key.key, { algorithms: [...key.algorithms] }).then(
    () => 'fits' as const,
    () => 'wrong' as const,
  )
}

async function readKeys(file: string): Promise<ReturnType<typeof importKeys>> {
  try {
    return importKeys(await parsePublicJwks(JSON.parse(readFileSync(file, 'utf8'))))
  } catch (error) {
    if (error instanceof JwksError) throw error
    throw new JwksError('shape', 'the key file cannot be read, or is not JSON')
  }
}

const SIGNATURES: Readonly<Record<SignatureCheck, string>> = {
  'not checked': 'not checked (give --jwks to check it here)',
  fits: 'fits a key of the file',
  wrong: 'WRONG: not made with the private key of that kid',
  'no key': 'WRONG: the file has no key with this kid and algorithm',
}

function toLines(report: TokenExplanation & { signature: SignatureCheck }, now: Date): string[] {
  return [
    report.kind === 'access token' ? 'An access token' : 'A client assertion',
    'Header',
    ...members(report.header, now),
    'Claims',
    ...members(report.claims, now),
    `Signature  ${SIGNATURES[report.signature]}`,
    report.faults.length === 0 ? 'Nothing else is wrong with it' : 'What is wrong',
    ...report.faults.flatMap(fault => [
      `  ${fault.code}  ${fault.rule}`,
      `          ${fault.remedy}`,
    ]),
  ]
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
