import type { Command } from 'commander'
import type { JWK } from 'jose'
import { type Caller, OPERATIONS } from '../../access/operations.ts'
import { createClient, HuisbrugProblem } from '../../client/index.ts'
import { Refusal, reason } from '../../errors.ts'
import { type Explanation, explainMessage } from '../../exchange/explain.ts'
import { ALWAYS, numberFields } from '../../exchange/explain-numbers.ts'
import { readQuestion } from '../../exchange/explain-question.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import type { WireTypes } from '../../schemas.generated.ts'
import { validatorFor } from '../../schemas.ts'
import type { Open } from '../party.ts'
import { assumeSigned } from './assume-signed.ts'
import { openChecked } from './checked.ts'
import { type Cleaned, readMessage, WrongUse, withoutNumbers } from './explain-input.ts'
import { explanationText } from './explain-text.ts'
import { type Options, print, type Report, simple } from './report.ts'
import { readSigningKey } from './signing-key.ts'

type Question = WireTypes['explain-request']

interface ExplainOptions extends Options {
  party: string
  type?: string
  at?: string
  about?: string
  url?: string
  key?: string
  kid?: string
  assumeSigned?: boolean
}

const EXIT_WRONG_USE = 2

/**
 * `huisbrug protocol explain <message.json> --party P`: would this message pass, and if not, which rule
 * stops it and what to change. Asks the documents of HUISBRUG_PROTOCOLS_DIR, or with --url a gateway.
 * National numbers are replaced before anything is sent or shown. Exit 0: passes; 1: would be refused;
 * 2: wrong use.
 */
export function explainCommand(protocol: Command, open: Open, now: () => Date): void {
  simple(protocol, 'explain <message.json>', 'would this message pass, and if not, what stops it')
    .requiredOption('--party <id>', 'who sends it')
    .option('--type <type>', 'its message type, where the message does not say (general form)')
    .option('--at <moment>', 'ask about another day (YYYY-MM-DD) or moment (RFC 3339)')
    .option('--about <id>', 'of an answer or progress: the id in the path of its endpoint')
    .option('--url <url>', 'ask this gateway instead of the documents here')
    .option('--key <file>', 'with --url: the private key of the party, PEM (PKCS8) or JWK')
    .option('--kid <kid>', 'with --url: the kid of that key')
    .option(
      '--assume-signed',
      'as if every party had signed and published the documents as they are',
    )
    .action(async (file: string, options: ExplainOptions, command: Command) => {
      try {
        print(command, options, await explainReport(file, options, open, now()))
      } catch (error) {
        const wrong = error instanceof WrongUse || error instanceof Refusal
        if (!wrong) throw error
        command.error(`huisbrug: ${error.message}`, { exitCode: EXIT_WRONG_USE })
      }
    })
}

/** @throws WrongUse */
async function explainReport(
  file: string,
  options: ExplainOptions,
  open: Open,
  now: Date,
): Promise<Report> {
  const given = readMessage(file)
  const ask = options.url === undefined ? askFolder : askGateway
  const told = await ask(given, options, open, now)
  return { json: told, text: explanationText(told), bad: !told.passes }
}

async function askFolder(
  given: Record<string, unknown>,
  options: ExplainOptions,
  open: Open,
  now: Date,
): Promise<Explanation> {
  const { set: found, checked } = await openChecked(open, now)
  const set = options.assumeSigned ? assumeSigned(found, now) : found
  const asked = questionOf(given, options, set, now)
  const { caller, known } = callerFrom(set, options.party)
  const told = await explainMessage(set, readQuestion(set, caller, asked.question, now))
  const notes = [
    ...(options.assumeSigned
      ? ['ASSUMED: every party signed and published these documents as they are (--assume-signed).']
      : []),
    ...(checked || options.assumeSigned ? [] : [UNCHECKED]),
    ...(known ? [] : ['No document here names this party; it was taken for a housing company.']),
  ]
  return withCleaned({ ...told, notes: [...notes, ...told.notes] }, asked.cleaned)
}

const UNCHECKED =
  'Signatures were not checked, so none counts: there is no running gateway or database here. Add --assume-signed to look past them, or ask a gateway with --url.'

async function askGateway(
  given: Record<string, unknown>,
  options: ExplainOptions,
  _: Open,
  now: Date,
): Promise<Explanation> {
  const { url = '', party, key } = options
  if (key === undefined)
    throw new WrongUse('with --url the private key of the party is needed: --key')
  if (options.assumeSigned)
    throw new WrongUse('a gateway assumes nothing: leave out --assume-signed')
  const { question, cleaned } = questionOf(given, options, undefined, now)
  // Somebody waits for it: a gateway that is not there is said so within seconds.
  const retry = { attempts: 5 }
  const privateKey = await readJwk(options)
  const client = createClient({ gateway: url, partyId: party, privateKey, retry })
  const told = await client.explain(question).catch(withRemedy)
  return withCleaned(told as Explanation, cleaned)
}

/** The gateway's own remedy belongs to what it refuses. */
function withRemedy(error: unknown): never {
  if (!(error instanceof HuisbrugProblem)) throw error
  throw new Error(error.remedy ? `${error.message}: ${error.remedy}` : error.message)
}

async function readJwk({ key = '', kid }: ExplainOptions): Promise<JWK> {
  const { key: secret, kid: named } = await readSigningKey(key, kid)
  return { ...(secret.export({ format: 'jwk' }) as JWK), kid: named }
}

/** The question that is asked, without any national number, and what was replaced in it. */
function questionOf(
  given: Record<string, unknown>,
  { type, at, about }: ExplainOptions,
  set: ProtocolSet | undefined,
  now: Date,
): { question: Question; cleaned: Cleaned } {
  const fields = set ? numberFields(set, given['protocol']) : new Set(ALWAYS)
  const cleaned = withoutNumbers(given, fields, now.toISOString().slice(0, 10))
  const named = type ?? cleaned.message['type']
  if (typeof named !== 'string') {
    throw new WrongUse('the message does not name its type: give --type, such as detection.request')
  }
  const question = {
    type: named,
    message: cleaned.message,
    ...(at !== undefined && { at: momentOf(at) }),
    ...(about !== undefined && { about }),
  }
  const [wrong] = validatorFor('explain-request')(question)
  if (wrong) throw new WrongUse(`${wrong.pointer || 'the question'}: ${wrong.remedy}`)
  return { question, cleaned }
}

/** A day counts at noon UTC. */
function momentOf(text: string): string {
  const time = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T12:00:00Z` : text)
  if (!Number.isNaN(time) && /^\d{4}-/.test(text)) return new Date(time).toISOString()
  throw new WrongUse('--at takes a day (2027-01-04) or a moment (2027-01-04T09:00:00Z)')
}

/** The party with every scope of its kind: here no token limits it. */
function callerFrom(set: ProtocolSet, party: string): { caller: Caller; known: boolean } {
  const all = [...set.protocols.values()].flatMap(({ document }) => document.parties)
  const named = all.find(({ id }) => id === party)
  const kind = named?.kind ?? 'housing-company'
  return { caller: { party, kind, scopes: new Set(OPERATIONS[kind]) }, known: named !== undefined }
}

/** Adds what only this command saw, since the numbers never left it. */
function withCleaned(told: Explanation, cleaned: Cleaned): Explanation {
  const { replaced, misplaced, invalid } = cleaned
  const notes = replaced
    ? [`${replaced} in this file stood for a national number: replaced before anything was done.`]
    : []
  const wrong = misplaced.map(place =>
    reason('HB-402', place, 'invariant 2: no national number outside its own field'),
  )
  const refused = invalid.map(place => `${place}: no valid national number (HB-401 for its item).`)
  return {
    ...told,
    passes: told.passes && wrong.length === 0,
    errors: [...told.errors, ...wrong],
    notes: [...told.notes, ...notes, ...refused.slice(0, MOST_NOTED)],
  }
}

const MOST_NOTED = 10
