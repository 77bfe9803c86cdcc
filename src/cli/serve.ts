import { Command } from 'commander'
import { readProcessConfig } from '../config.ts'
import { startGateway } from '../gateway.ts'
import { createLogger } from '../log.ts'
import { runUntilSignal } from '../run.ts'

/** `huisbrug serve`: the gateway, until a signal. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the gateway; settings come from the environment (docs/operations.md)')
    .action(async () => {
      const config = readProcessConfig()
      const log = createLogger(config.logLevel)
      await runUntilSignal(log, () => startGateway(config, log))
    })
}
