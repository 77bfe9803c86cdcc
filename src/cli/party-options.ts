import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { PARTY_KINDS } from '../access/operations.ts'
import { type PartyDraft, PartyError, type Retries } from '../access/party-types.ts'

const RETRIES_HELP =
  'first delay in seconds, tries in all, hours from first to last; 2,30,75 unless told'
const JWKS_HELP = 'its public keys: a JWK set, or the address of one'
const EXPIRES_HELP = 'after this the given keys count no more, such as 2027-06-30'

/** The options of `party add`. */
export function addOptions(command: Command): Command {
  command
    .requiredOption('--id <id>', 'party id, also its OAuth client id')
    .addOption(new Option('--kind <kind>', 'what it is').choices(PARTY_KINDS).makeOptionMandatory())
    .requiredOption('--name <name>', 'name for people')
    .requiredOption('--kbo <number>', 'enterprise number')
    .requiredOption('--jwks <file|url>', JWKS_HELP)
    .option('--expires <date>', EXPIRES_HELP, parseDate)
    .option('--webhook <url>', 'where it receives events; its secret is shown once')
    .option('--retries <schedule>', RETRIES_HELP, parseRetries)
  return reachOptions(command)
}

/** The options of `party rotate`. */
export function rotateOptions(command: Command): Command {
  const days = new Option('--overlap-days <days>', 'the same in days').argParser(parseDays)
  return command
    .requiredOption('--jwks <file|url>', JWKS_HELP)
    .option('--overlap <hours>', 'how long the old keys still count', parseHours, 24)
    .addOption(days.conflicts('overlap'))
    .option('--expires <date>', EXPIRES_HELP, parseDate)
}

/** The options of `party change`. */
export function changeOptions(command: Command): Command {
  return reachOptions(command)
    .addOption(new Option('--no-networks', 'none is allowed any more').conflicts('allowNetwork'))
    .addOption(new Option('--no-contacts', 'none is known any more').conflicts('contact'))
}

const CONTACT_HELP =
  '"role: desk, e-mail or phone" for technical, security or privacy, never a person; repeat for more'

function reachOptions(command: Command): Command {
  return command
    .option('--contact <contact>', CONTACT_HELP, gather)
    .option('--base-url <url>', 'where the gateway calls it')
    .option('--token-url <url>', 'where the gateway gets a token for that')
    .option(
      '--allow-network <cidr>',
      'a private network that its addresses may be in; repeat for more',
      gather,
    )
}

function gather(value: string, before: string[] = []): string[] {
  return [...before, value]
}

/**
 * Reads a key set from a file, or takes its address.
 * @throws PartyError jwks
 */
export function readKeySource(place: string): PartyDraft['jwks'] {
  if (/^https?:\/\//i.test(place)) return { url: place }
  let set: unknown
  try {
    set = JSON.parse(readFileSync(place, 'utf8'))
  } catch {
    throw new PartyError('jwks', 'the key file cannot be read, or is not JSON')
  }
  if (typeof set === 'object' && set !== null && 'privateKey' in set) {
    throw new PartyError('jwks', 'this is the private key pair: give the jwks.json beside it')
  }
  return { set }
}

/** @throws InvalidArgumentError */
export function parseRetries(text: string): Retries {
  const [firstSeconds, tries, hours, ...rest] = text.split(',').map(part => Number(part || 'NaN'))
  const given = [firstSeconds, tries, hours].every(value => Number.isFinite(value))
  if (!given || rest.length > 0) {
    throw new InvalidArgumentError('give seconds, tries and hours, such as 2,30,75')
  }
  return { firstSeconds, tries, hours } as Retries
}

function parseHours(text: string): number {
  const hours = Number(text)
  if (text.trim() !== '' && hours >= 0 && hours <= 24 * 90) return hours
  throw new InvalidArgumentError('give a number of hours from 0 to 2160')
}

function parseDays(text: string): number {
  const days = Number(text)
  if (text.trim() !== '' && days >= 0 && days <= 90) return days
  throw new InvalidArgumentError('give a number of days from 0 to 90')
}

// A day is given by its name alone: the keys count until its end (UTC).
function parseDate(text: string): Date {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const at = new Date(day ? `${text}T23:59:59Z` : text)
  const exact = day || /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text)
  const exists = !day || at.toJSON()?.startsWith(text)
  if (exact && exists && !Number.isNaN(at.getTime())) return at
  throw new InvalidArgumentError('give a date such as 2027-06-30, or a time such as …T12:00:00Z')
}
