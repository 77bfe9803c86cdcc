import { Command } from 'commander'
import { readProcessConfig } from './config.ts'
import { createLogger } from './log.ts'
import { forbidDumps } from './no-dumps.ts'
import { readRelease } from './release.ts'

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
  .version(readRelease() ?? 'unknown', '--version')
  .showHelpAfterError()
  // Else --version would be its own wherever it stands: protocol sign has one too.
  .enablePositionalOptions()
  .exitOverride(error => {
    process.exit(error.exitCode === 0 ? 0 : EXIT_WRONG_USE)
  })

// Each loaded when it is meant: what hangs on all of them takes longer to load than most of them to run.
const COMMANDS: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./cli/serve.ts')).serveCommand(),
  demo: async () => (await import('./cli/demo.ts')).demoCommand(),
  sandbox: async () => (await import('./cli/sandbox.ts')).sandboxCommand(),
  init: async () => (await import('./cli/init.ts')).initCommand(),
  migrate: async () => (await import('./cli/migrate.ts')).migrateCommand(open),
  doctor: async () => (await import('./cli/doctor.ts')).doctorCommand(open),
  party: async () => (await import('./cli/party.ts')).partyCommand(open),
  partner: async () => (await import('./cli/partner.ts')).partnerCommands(),
  parked: async () => (await import('./cli/parked.ts')).parkedCommand(open),
  attention: async () => (await import('./cli/attention.ts')).attentionCommand(open),
  protocol: async () => (await import('./cli/protocol.ts')).protocolCommand(open),
  keys: async () => (await import('./cli/keys.ts')).keysCommand(open),
  audit: async () => (await import('./cli/audit.ts')).auditCommand(open),
  report: async () => (await import('./cli/report.ts')).reportCommand(open),
  console: async () => (await import('./cli/console.ts')).consoleCommand(open),
  subject: async () => (await import('./cli/subject.ts')).subjectCommand(open),
  detect: async () => (await import('./cli/detect.ts')).detectCommand(),
  listen: async () => (await import('./cli/listen.ts')).listenCommand(),
  token: async () => (await import('./cli/token.ts')).tokenCommand(),
}

const [, , name = ''] = process.argv
const all = name === '--version' ? [] : Object.entries(COMMANDS)
const meant = all.filter(([one]) => one === name)
for (const [, load] of meant.length > 0 ? meant : all)
  program.addCommand(inherit(await load(), program))

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
