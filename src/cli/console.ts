import { Command, Option } from 'commander'
import { type ConsoleRole, ConsoleSessions } from '../access/session.ts'
import type { Open } from './party.ts'

const ROLES = ['privacy-officer', 'auditor', 'operator', 'viewer'] as const

/**
 * `huisbrug console link`: a new one-time link into the console; `console token`: a session for a script.
 */
export function consoleCommand(open: Open): Command {
  const command = new Command('console').description('the console of the privacy officer')
  command
    .command('link')
    .description('make a link that signs in once, within 15 minutes')
    .addOption(roleOption().default(ROLES[0]))
    .option('--json', 'print JSON')
    .action(async ({ role, json }: { role: ConsoleRole; json?: boolean }) => {
      const store = await open()
      try {
        const token = await new ConsoleSessions({ pool: store.pool }).makeLink(role)
        const link = `${store.config.publicUrl}/console/aanmelden?link=${token}`
        process.stdout.write(`${json ? JSON.stringify({ link, role }) : link}\n`)
      } finally {
        await store.close()
      }
    })
  command
    .command('token')
    .description(
      'make a bearer token for a script of a person, good for 10 hours or 30 idle minutes',
    )
    .addOption(roleOption().makeOptionMandatory())
    .option('--json', 'print JSON')
    .action(async ({ role, json }: { role: ConsoleRole; json?: boolean }) => {
      const store = await open()
      try {
        const made = await new ConsoleSessions({ pool: store.pool }).makeToken(role)
        const { id, token, expiresAt } = made
        process.stdout.write(`${json ? JSON.stringify({ token, id, role, expiresAt }) : token}\n`)
      } finally {
        await store.close()
      }
    })
  command
    .command('end')
    .description('end a session or token at once, such as one that leaked')
    .argument('<session>', 'ses_…, as in the log and in the JSON of console token')
    .action(async (id: string) => {
      const store = await open()
      try {
        const ended = await new ConsoleSessions({ pool: store.pool }).endSession(id)
        if (!ended) throw new Error('there is no such session, or it is over')
        process.stdout.write(`${id}: ended\n`)
      } finally {
        await store.close()
      }
    })
  return command
}

function roleOption(): Option {
  return new Option('--role <role>', 'what it may do').choices(ROLES)
}
