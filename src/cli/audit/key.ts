import { Command } from 'commander'
import { loadLogVerifierKey } from '../../audit/log-key.ts'
import type { Open } from '../party.ts'

/** `huisbrug audit key`: the verifier key of the log. */
export function keyCommand(open: Open): Command {
  return new Command('key')
    .description('print the verifier key of the log, for partners to pin')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await open()
      try {
        const verifierKey = await loadLogVerifierKey(store.keys, store.config.logOrigin)
        process.stdout.write(`${json ? JSON.stringify({ verifierKey }) : verifierKey}\n`)
      } finally {
        await store.close()
      }
    })
}
