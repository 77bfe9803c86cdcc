import { type Command, InvalidArgumentError } from 'commander'
import type { HuisbrugClient } from '../client/client.ts'
import { repeatableNonce } from '../client/nonce.ts'
import { HuisbrugProblem, HuisbrugUnreachable } from '../client/problem.ts'
import { lines } from './output.ts'
import {
  type PartnerOptions,
  type PartnerProfile,
  ProfileError,
  partnerClient,
  readPartner,
  withPartner,
} from './partner-profile.ts'

/** Options that every command of a party takes. */
export interface RunOptions extends PartnerOptions {
  json?: boolean
}

/** What a command of a party works with. */
export interface Partner {
  profile: PartnerProfile
  client: HuisbrugClient
}

/** What a command has to say, for scripts and for people. */
export interface PartnerReport {
  json: object
  text: readonly string[]
  /** 1: what was asked for was done, and the answer is bad; 130: it was interrupted. */
  exit?: 1 | 130
}

const EXIT_WRONG_USE = 2
const EXIT_INTERRUPTED = 130
// Somebody waits for it: no minutes of silence while a gateway is away.
const RETRY = { attempts: 4, longestPauseMs: 3_000 }

/** A command of a party: with the options that tell whose it is, and --json. */
export function partnerCommand(partner: Command, name: string, description: string): Command {
  return withPartner(partner.command(name).description(description)).option('--json', 'print JSON')
}

/**
 * Runs a command of a party and prints what it says. Rejects with what the gateway refused and what to do;
 * with `--json` the refusal is printed as `{ refused }` too. Wrong use ends the command with 2.
 * @param retry other patience than a command that is waited for
 */
export async function runPartner(
  command: Command,
  options: RunOptions,
  work: (partner: Partner) => Promise<PartnerReport>,
  retry: Parameters<typeof partnerClient>[1] = RETRY,
): Promise<void> {
  const out = command.configureOutput()
  try {
    const profile = await readPartner(options)
    const report = await work({ profile, client: partnerClient(profile, retry) })
    out.writeOut?.(options.json ? `${JSON.stringify(report.json)}\n` : lines(report.text))
    if (report.exit !== undefined) process.exitCode = report.exit
  } catch (error) {
    if (error instanceof ProfileError)
      command.error(`error: ${error.message}`, { exitCode: EXIT_WRONG_USE })
    if (options.json && error instanceof HuisbrugProblem)
      out.writeOut?.(`${JSON.stringify({ refused: refusalOf(error) })}\n`)
    if (!isInterruption(error)) throw new Error(reasonOf(error), { cause: error })
    process.exitCode = EXIT_INTERRUPTED
  }
}

/** Whether somebody ended a wait, such as between two tries. */
export function isInterruption(error: unknown): boolean {
  return (error as Error).name === 'AbortError'
}

function refusalOf({ status, code, title, detail, errors, instance }: HuisbrugProblem): object {
  return { status, code, title, detail, errors, instance }
}

/** Why something failed and what to do, for people: all that the gateway said of it. */
export function reasonOf(error: unknown): string {
  if (error instanceof HuisbrugUnreachable) return `${error.message}: ${error.remedy}`
  if (!(error instanceof HuisbrugProblem)) return (error as Error).message
  const reasons = error.errors.map(
    ({ pointer, code, rule, remedy }) =>
      `  ${pointer || '/'}  ${code === error.code ? '' : `${code}  `}${rule}: ${remedy}`,
  )
  return [
    error.message,
    ...(reasons.length > 0 ? reasons : [`  ${error.remedy}`]),
    ...(error.instance === undefined ? [] : [`  to ask about it: ${error.instance}`]),
  ].join('\n')
}

/**
 * Does work that Ctrl-C ends in an orderly way: the first one tells it to stop, the second ends the
 * process at once.
 */
export async function interruptible<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED)
    if (process.stderr.isTTY) process.stderr.write('\nStopping; once more ends it at once.\n')
    stop.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await work(stop.signal)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

/** The key under which the same message of the same day is sent once, however often the command runs. */
export function onceADay({ privateKey }: PartnerProfile, path: string, body: object): string {
  return repeatableNonce(privateKey, { path, idempotencyKey: today(), body })
}

/** The protocol that is meant. @throws ProfileError */
export function protocolOf(profile: PartnerProfile, option: string | undefined): string {
  const protocol = option ?? profile.protocol
  if (protocol !== undefined) return protocol
  throw new ProfileError('no protocol: give --protocol, or write it in the profile')
}

/** The UTC day, YYYY-MM-DD. */
export function today(): string {
  return new Date().toISOString().slice(0, 10)
}

/** A calendar day of an option. @throws InvalidArgumentError */
export function parseDay(text: string): string {
  const at = new Date(`${text}T00:00:00Z`)
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime())
  if (isDay && at.toISOString().slice(0, 10) === text) return text
  throw new InvalidArgumentError('give a day, such as 2026-11-01.')
}

/** Reads a whole number from 1 to `most`. @throws InvalidArgumentError */
export function parseCount(most: number): (text: string) => number {
  return text => {
    const count = Number(text)
    if (Number.isInteger(count) && count >= 1 && count <= most) return count
    throw new InvalidArgumentError(`give a whole number from 1 to ${most}.`)
  }
}

/** How many, at most what one message or page holds. @throws InvalidArgumentError */
export const parseLimit = parseCount(1_000)
