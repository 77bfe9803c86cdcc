import { Command } from 'commander'
import type { Open } from './party.ts'

/** `huisbrug migrate`: brings the database to the newest migration. */
export function migrateCommand(open: Open): Command {
  return new Command('migrate')
    .description('bring the database to the newest migration')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { migrationState } = await import('../db/migrate.ts')
      const store = await open()
      try {
        const { applied } = await migrationState(store.pool)
        const line = `The database is up to date: ${applied.length} migrations, the last is ${applied.at(-1)}.`
        process.stdout.write(`${json ? JSON.stringify({ applied }) : line}\n`)
      } finally {
        await store.close()
      }
    })
}
