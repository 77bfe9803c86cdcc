import { Command, Option } from 'commander'
import { type ConsoleRole, ConsoleSessions, type SessionLine } from '../access/session.ts'
import { CONSOLE_ROLES } from '../config-people.ts'
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
    .option('--json', 'print JSON')
    .action(async ({ role, json }: { role: ConsoleRole; json?: boolean }) => {
      const store = await open()
      try {
        const token = await sessionsOf(store).makeLink(role)
        const link = `${store.config.publicUrl}/console/aanmelden?link=${token}`
        process.stdout.write(`${json ? JSON.stringify({ link, role }) : link}\n`)
      } finally {
        await store.close()
      }
    })
  command
    .command('token')
    .description('make a bearer token for a script of a person; it ends as every session does')
    .addOption(roleOption().makeOptionMandatory())
    .option('--json', 'print JSON')
    .action(async ({ role, json }: { role: ConsoleRole; json?: boolean }) => {
      const store = await open()
      try {
        const made = await sessionsOf(store).makeToken(role)
        const { id, token, expiresAt } = made
        process.stdout.write(`${json ? JSON.stringify({ token, id, role, expiresAt }) : token}\n`)
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

function toLine({ id, role, way, name, createdAt, seenAt, expiresAt }: SessionLine): string {
  const [since, seen, until] = [createdAt, seenAt, expiresAt].map(at => at.toISOString())
  return `${id}  ${role}  ${name ?? way}  since ${since}, used ${seen}, until ${until}`
}

function roleOption(): Option {
  return new Option('--role <role>', 'what it may do').choices(CONSOLE_ROLES)
}
