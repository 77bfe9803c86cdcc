import { Command } from 'commander'
import { readProcessConfig } from '../config.ts'
import type { Gateway } from '../gateway.ts'
import { createLogger } from '../log.ts'
import { readCoreLimit } from '../no-dumps.ts'
import { runUntilSignal } from '../run.ts'

/** `huisbrug serve`: the gateway, until a signal. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the gateway; settings come from the environment (docs/operations.md)')
    .action(serve)
}

/** Runs the gateway with this process's settings until a signal; prints a link into the console. */
export async function serve(): Promise<void> {
  const config = readProcessConfig()
  const log = createLogger(config.logLevel)
  const { ok, detail, remedy } = readCoreLimit()
  if (!ok) log.warn('a crash could write what is in memory to a core dump', { detail, remedy })
  await runUntilSignal(log, async () => {
    if (config.evaluator.placement === 'service') {
      const { startKeyService } = await import('../key-service.ts')
      return startKeyService(config, log)
    }
    const { startGateway } = await import('../gateway.ts')
    const gateway = await startGateway(config, log)
    // Where there is an identity provider a link is for an emergency, made by hand.
    if (config.roles.has('console') && !config.people.oidc) await printLink(gateway)
    return gateway
  })
}

// For a person at the terminal only: a link in a log would let its reader in.
async function printLink({ context }: Gateway): Promise<void> {
  const token = await context.sessions.makeLink('privacy-officer')
  process.stdout.write(`Console: ${context.config.publicUrl}/console/aanmelden?link=${token}\n`)
}
