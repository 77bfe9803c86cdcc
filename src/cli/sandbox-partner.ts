import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { foreignEnvironment } from '../config.ts'
import { codes as dutch } from '../console/texts/nl-codes.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'
import { createLogger } from '../log.ts'
import { runUntilSignal } from '../run.ts'
import {
  type CodeText,
  SANDBOX_ROLES,
  type SandboxOptions,
  type SandboxRole,
  type SandboxSettings,
} from '../sandbox/partner/options.ts'
import { readOwnNumbers } from '../sandbox/partner/people.ts'
import { CHOICES, readDays, USUAL, withNames } from '../sandbox/partner/scenario.ts'

const USUAL_PORT = 8090
const USUAL_PEOPLE = 200
const MOST_PEOPLE = 5_000
const USUAL_PARTY = 'woonboog'
const USUAL_BASE = 'http://127.0.0.1:9090'
const USUAL_SLOW_SECONDS = 5
const PARTY = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
const EXIT_WRONG_USE = 2

interface Given {
  role?: SandboxRole
  scenario: string
  afterDays: number
  seed: string
  port?: number
  data?: string
  party: string
  name?: string
  jwks?: string
  webhook?: string
  baseUrl: string
  tokenUrl?: string
  answers: 'counts' | 'person'
  people: number
  ownNumbers?: string
  slowSeconds: number
  json?: boolean
}

/** `huisbrug sandbox [partner]`: a complete counterpart for a partner's own software; docs/sandbox.md. */
export function addPartnerCommand(sandbox: Command): void {
  const command = sandbox
    .command('partner', { isDefault: true })
    .description('a whole counterpart for your own software: gateway, protocol and the other side')
    .addOption(new Option('--role <role>', 'what you are').choices(SANDBOX_ROLES))
    .option(
      '--scenario <names>',
      `with commas: ${Object.values(CHOICES).flat().join(', ')}`,
      names,
      '',
    )
    .option('--after-days <n>', 'days before what comes later comes', readArgument(readDays), 0)
    .option('--seed <seed>', 'which synthetic people, and what becomes of them', 'kempen')
    .option('--people <n>', 'how many of them', count(1, MOST_PEOPLE), USUAL_PEOPLE)
    .option('--own-numbers <file>', 'national numbers of your own that you know are synthetic')
    .option(
      '--port <port>',
      `of the gateway (default: ${USUAL_PORT}, or a free one)`,
      count(1, 65_535),
    )
    .option('--data <folder>', 'its own folder (default: data/sandbox/<role>)')
  reachOptions(command).action(async (given: Given) => {
    await run(given, command)
  })
}

function reachOptions(command: Command): Command {
  return command
    .option('--jwks <file>', 'your public key: JWK set, JWK or PEM (default: a key is made)')
    .option('--party <id>', 'your party id, as a housing company', parseParty, USUAL_PARTY)
    .option('--name <name>', 'your name for people')
    .option(
      '--webhook <url>',
      'where your software takes events; else they wait in the inbox',
      parseUrl,
    )
    .option('--base-url <url>', 'where your software takes calls, as VDAB', parseUrl, USUAL_BASE)
    .option(
      '--token-url <url>',
      'where it gives tokens (default: oauth/token below --base-url)',
      parseUrl,
    )
    .addOption(
      new Option('--answers <form>', 'what a housing company learns from VDAB')
        .choices(['counts', 'person'])
        .default('counts'),
    )
    .option('--slow-seconds <n>', 'how long a slow call is held', parseSeconds, USUAL_SLOW_SECONDS)
    .option('--json', 'print the settings as one line of JSON')
}

async function run(given: Given, command: Command): Promise<void> {
  const role = given.role ?? (await askRole())
  if (!role)
    command.error('error: give --role housing-company or --role vdab', { exitCode: EXIT_WRONG_USE })
  else {
    const options = await toOptions(given, role)
    await runUntilSignal(createLogger('warn'), async () => {
      const { startPartnerSandbox } = await import('../sandbox/partner/sandbox.ts')
      const sandbox = await startPartnerSandbox(options)
      process.stdout.write(
        given.json ? `${JSON.stringify(sandbox.settings)}\n` : tell(sandbox.settings),
      )
      return sandbox
    })
  }
}

/** The role by a question, where somebody is there to answer it. */
async function askRole(): Promise<SandboxRole | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question('You are: 1 a housing company, 2 VDAB? [1] ')
    return { '': 'housing-company', '1': 'housing-company', '2': 'vdab' }[
      answer.trim()
    ] as SandboxRole
  } catch {
    return undefined
  } finally {
    lines.close()
  }
}

async function toOptions(given: Given, role: SandboxRole): Promise<SandboxOptions> {
  const { scenario, afterDays, seed, people, baseUrl, answers, webhook, port, jwks } = given
  const party = role === 'vdab' ? 'vdab' : given.party
  const today = new Date().toISOString().slice(0, 10)
  return {
    ...{ role, party, scenario, afterDays, seed, people, baseUrl },
    name: given.name ?? (role === 'vdab' ? 'VDAB' : party),
    dataDir: resolve(given.data ?? `data/sandbox/${role}`),
    protocolsDir: fileURLToPath(new URL('../../protocols', import.meta.url)),
    port: port ?? USUAL_PORT,
    mustHavePort: port !== undefined,
    ownNumbers: given.ownNumbers ? readOwnNumbers(readText(given.ownNumbers), today) : [],
    tokenUrl: given.tokenUrl ?? `${baseUrl.replace(/\/+$/, '')}/oauth/token`,
    perPerson: answers === 'person',
    slowMs: given.slowSeconds * 1000,
    codes: codeTexts(),
    environment: foreignEnvironment(),
    ...(jwks !== undefined && { jwks: await readPublicKeys(jwks) }),
    ...(webhook !== undefined && role !== 'vdab' && { webhook }),
  }
}

function codeTexts(): CodeText[] {
  return (Object.keys(ERRORS) as ErrorCode[]).map(code => {
    const [status, title, remedy] = ERRORS[code]
    const [meaning, what] = dutch[code]
    return { code, status, title, remedy, nl: { title: meaning, remedy: what } }
  })
}

/** A JWK set, of a file that holds one, one JWK, or a public key in PEM. */
async function readPublicKeys(file: string): Promise<{ keys: JWK[] }> {
  const text = readText(file)
  if (text.includes('PRIVATE KEY')) throw privateKey(file)
  const keys = text.includes('BEGIN PUBLIC KEY') ? [pemToJwk(text)] : keysIn(file, text)
  if (keys.some(key => key.d !== undefined)) throw privateKey(file)
  const named = keys.map(async key => ({
    ...key,
    kid: key.kid ?? (await calculateJwkThumbprint(key)),
  }))
  return { keys: await Promise.all(named) }
}

function pemToJwk(text: string): JWK {
  return createPublicKey(text).export({ format: 'jwk' }) as JWK
}

function keysIn(file: string, text: string): JWK[] {
  try {
    const value = Object(JSON.parse(text)) as { keys?: JWK[]; privateKey?: JWK } & JWK
    if (value.privateKey) throw privateKey(file)
    return value.keys ?? [value]
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Error(`${file} is no JWK set, JWK or public key in PEM`)
    throw error
  }
}

function privateKey(file: string): Error {
  return new Error(
    `${file} holds a private key: give the public one, which is all the sandbox needs`,
  )
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Error(`${file} cannot be read`)
  }
}

/** For people: what their software needs, and where to look. */
function tell(settings: SandboxSettings): string {
  const { keyFile, webhook, webhookSecret, baseUrl, outcomesFile } = settings
  const { id, version } = settings.targetGroup
  const lines: [string, string | undefined][] = [
    ['gateway', settings.gateway],
    ['token URL', settings.tokenUrl],
    ['your party', settings.party],
    ['private key', keyFile ?? '(your own)'],
    ['settings file', settings.profile],
    [
      'protocol',
      `${settings.protocol}, purpose ${settings.purpose}, target group ${id} ${version}`,
    ],
    ['log key', settings.logKey],
    ['synthetic people', settings.peopleFile],
    ['what to expect', outcomesFile && `${outcomesFile} (mixed, seed ${settings.seed})`],
    ['webhook', webhook && `${webhook}, secret ${webhookSecret}`],
    ['called at', baseUrl],
    ['API', settings.docs],
    ['page', settings.page],
  ]
  const shown = lines.filter(([, value]) => value !== undefined)
  const rows = shown.map(([name, value]) => `  ${name.padEnd(17)} ${value}`)
  return [
    'The sandbox is ready.',
    ...rows,
    'Stop with Ctrl-C; the next start begins empty.',
    '',
  ].join('\n')
}

function names(text: string): string {
  readArgument(given => withNames(USUAL, String(given)))(text)
  return text
}

function readArgument<T>(read: (given: unknown) => T): (text: string) => T {
  return text => {
    try {
      return read(text)
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message)
    }
  }
}

function count(least: number, most: number): (text: string) => number {
  return text => {
    const number = Number(text)
    if (Number.isInteger(number) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`give a whole number from ${least} to ${most}`)
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds >= 0 && seconds <= 60) return seconds
  throw new InvalidArgumentError('give a number of seconds from 0 to 60')
}

function parseParty(text: string): string {
  if (PARTY.test(text) && text !== 'vdab') return text
  throw new InvalidArgumentError('give small letters, digits and hyphens, and not vdab')
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash) return text
  throw new InvalidArgumentError('give an address such as http://127.0.0.1:9000/webhook')
}
