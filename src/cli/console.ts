import { Command, Option } from 'commander'
import { ConsoleSessions } from '../access/session.ts'
import type { Open } from './party.ts'

const ROLES = ['privacy-officer', 'auditor', 'operator', 'viewer'] as const

/** `huisbrug console link`: a new one-time link into the console. */
export function consoleCommand(open: Open): Command {
  const command = new Command('console').description('the console of the privacy officer')
  command
    .command('link')
    .description('make a link that signs in once, within 15 minutes')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).default(ROLES[0]))
    .option('--json', 'print JSON')
    .action(async ({ role, json }: { role: (typeof ROLES)[number]; json?: boolean }) => {
      const store = await open()
      try {
        const token = await new ConsoleSessions({ pool: store.pool }).makeLink(role)
        const link = `${store.config.publicUrl}/console/aanmelden?link=${token}`
        process.stdout.write(`${json ? JSON.stringify({ link, role }) : link}\n`)
      } finally {
        await store.close()
      }
    })
  return command
}
