import { Command } from 'commander'
import { attentionCommand } from './cli/attention.ts'
import { auditCommand } from './cli/audit.ts'
import { consoleCommand } from './cli/console.ts'
import { demoCommand } from './cli/demo.ts'
import { doctorCommand } from './cli/doctor.ts'
import { keysCommand } from './cli/keys.ts'
import { migrateCommand } from './cli/migrate.ts'
import { parkedCommand } from './cli/parked.ts'
import { partyCommand } from './cli/party.ts'
import { protocolCommand } from './cli/protocol.ts'
import { reportCommand } from './cli/report.ts'
import { sandboxCommand } from './cli/sandbox.ts'
import { serveCommand } from './cli/serve.ts'
import { subjectCommand } from './cli/subject.ts'
import { tokenCommand } from './cli/token.ts'
import { readProcessConfig } from './config.ts'
import { createLogger } from './log.ts'
import { forbidDumps } from './no-dumps.ts'

const EXIT_WRONG_USE = 2

// A command tells people what happened; what the parts log shows only when asked for.
const open = async () => {
  const config = readProcessConfig()
  const log = createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel)
  // Loaded when needed: half of what the program is made of hangs on it.
  const { openStore } = await import('./parts.ts')
  return openStore(config, log).catch(error => {
    throw config.databaseUrl === undefined ? error : unreachable(error)
  })
}

/** What the network or PostgreSQL says of an address that was given, with the setting that it is in. */
function unreachable(error: Error & { code?: string }): Error {
  if (!/^(E[A-Z]+|28...|3D...)$/.test(error.code ?? '')) return error
  const why = error.message || error.code
  return new Error(`the database of HUISBRUG_DATABASE_URL cannot be opened: ${why}`)
}

const program = new Command('huisbrug')
  .description('Gateway for lawful, provable data exchange between housing companies and VDAB')
  .showHelpAfterError()
  .exitOverride(error => {
    process.exit(error.exitCode === 0 ? 0 : EXIT_WRONG_USE)
  })

for (const command of [
  serveCommand(),
  demoCommand(),
  sandboxCommand(),
  migrateCommand(open),
  doctorCommand(open),
  partyCommand(open),
  parkedCommand(open),
  attentionCommand(open),
  protocolCommand(open),
  keysCommand(open),
  auditCommand(open),
  reportCommand(open),
  consoleCommand(open),
  subjectCommand(open),
  tokenCommand(),
]) {
  program.addCommand(inherit(command, program))
}

// Wrong use of a nested command is wrong use too.
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent)
  for (const nested of command.commands) inherit(nested, command)
  return command
}

try {
  forbidDumps()
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`huisbrug: ${(error as Error).message}\n`)
  process.exitCode = 1
}
