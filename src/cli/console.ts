import { Command, InvalidArgumentError, Option } from 'commander'
import { type ConsoleRole, ConsoleSessions, type SessionLine } from '../access/session.ts'
import { CONSOLE_ROLES } from '../config-people.ts'
import { Refusal } from '../errors.ts'
import type { Open, Opened } from './party.ts'
import { operator } from './subject/run.ts'

/**
 * `huisbrug console link`: a new one-time link into the console; `console token`: a session for a
 * script; `console sessions`: who is signed in.
 */
export function consoleCommand(open: Open): Command {
  const command = new Command('console').description('the console of the privacy officer')
  command
    .command('link')
    .description('make a link that signs in once, within 15 minutes')
    .addOption(roleOption().default(CONSOLE_ROLES[0]))
    .option('--party <id>', OF_PARTY)
    .option('--json', 'print JSON')
    .action(async ({ role, party, json }: Asked) => {
      assertOfficer(role, party)
      const store = await open()
      try {
        const token = await sessionsOf(store).makeLink(role, party).catch(unknownParty)
        const link = `${store.config.publicUrl}/console/aanmelden?link=${token}`
        process.stdout.write(`${json ? JSON.stringify({ link, role, party }) : link}\n`)
      } finally {
        await store.close()
      }
    })
  command
    .command('token')
    .description('make a bearer token for a script of a person; it ends as every session does')
    .addOption(roleOption().makeOptionMandatory())
    .option('--party <id>', OF_PARTY)
    .option('--json', 'print JSON')
    .action(async ({ role, party, json }: Asked) => {
      assertOfficer(role, party)
      const store = await open()
      try {
        const made = await sessionsOf(store).makeToken(role, party).catch(unknownParty)
        const { id, token, expiresAt } = made
        const line = JSON.stringify({ token, id, role, party, expiresAt })
        process.stdout.write(`${json ? line : token}\n`)
      } finally {
        await store.close()
      }
    })
  addSessions(command, open)
  return command
}

/** `console sessions list|end`: who is signed in, and ending that. */
function addSessions(command: Command, open: Open): void {
  const sessions = command.command('sessions').description('who is signed in, with tokens too')
  sessions
    .command('list', { isDefault: true })
    .description('list the sessions that are open, the newest first')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await open()
      try {
        const items = await sessionsOf(store).listSessions()
        const lines = items.map(toLine)
        const text = json ? JSON.stringify({ items }) : lines.join('\n') || 'Nobody is signed in.'
        process.stdout.write(`${text}\n`)
      } finally {
        await store.close()
      }
    })
  sessions
    .command('end')
    .description('end a session or token at once, such as one that leaked')
    .argument('<session>', 'ses_…, as listed')
    .action(async (id: string) => {
      const store = await open()
      try {
        const ended = await sessionsOf(store).endSession(id, operator())
        if (!ended) throw new Error('there is no such session, or it is over')
        process.stdout.write(`${id}: ended\n`)
      } finally {
        await store.close()
      }
    })
}

function sessionsOf({ pool, config }: Opened): ConsoleSessions {
  return new ConsoleSessions({ pool, limits: config.people })
}

function toLine({ id, role, party, way, name, createdAt, seenAt, expiresAt }: SessionLine): string {
  const [since, seen, until] = [createdAt, seenAt, expiresAt].map(at => at.toISOString())
  const of = party === null ? '' : ` of ${party}`
  return `${id}  ${role}${of}  ${name ?? way}  since ${since}, used ${seen}, until ${until}`
}

interface Asked {
  role: ConsoleRole
  party?: string
  json?: boolean
}

const OF_PARTY = 'of this party alone: what it sent, received and was told (a privacy officer only)'

function assertOfficer(role: ConsoleRole, party: string | undefined): void {
  if (party === undefined || role === 'privacy-officer') return
  throw new InvalidArgumentError('--party goes with --role privacy-officer')
}

function unknownParty(error: unknown): never {
  if (error instanceof Refusal && error.code === 'HB-116') throw new Error('there is no such party')
  throw error
}

function roleOption(): Option {
  return new Option('--role <role>', 'what it may do').choices(CONSOLE_ROLES)
}
