import { Command } from 'commander'
import type { Open } from '../party.ts'
import { type BundleOptions, verifyBundle } from './verify-bundle.ts'
import { type LogOptions, verifyOwnLog } from './verify-log.ts'

const EXIT_WRONG_USE = 2

/**
 * `huisbrug audit verify`: recomputes the own log. With a bundle: checks that, offline. Exit 1 names
 * what does not fit.
 */
export function verifyCommand(open: Open): Command {
  const verify = new Command('verify')
    .description('recompute the whole log, or check an evidence bundle with keys of your own')
    .argument('[bundle]', 'a file that huisbrug audit prove wrote; without it, the own log')
    .option('--json', 'print JSON')
    .option(
      '--trusted <file>',
      'of the own log: a checkpoint kept elsewhere, which it must still fit',
    )
    .option('--from <file>', 'the same, and only what came after it is recomputed')
  addBundleOptions(verify)
  return verify.action(async (bundle: string | undefined, options: BundleOptions & LogOptions) => {
    if (bundle === undefined) {
      if (isGiven(options)) wrongUse(verify, 'name the bundle that these keys are for')
      if (options.trusted !== undefined && options.from !== undefined)
        wrongUse(verify, 'give --trusted or --from, not both')
      return verifyOwnLog(open, options)
    }
    if (options.trusted ?? options.from) wrongUse(verify, 'a bundle holds its own checkpoint')
    if (!options.logKey) wrongUse(verify, 'give the key of the log that you trust with --log-key')
    return verifyBundle(bundle, options)
  })
}

function addBundleOptions(verify: Command): void {
  const again = (value: string, before: string[] = []) => [...before, value]
  verify
    .option('--log-key <key|file>', 'of a bundle: verifier key of the log, once for each', again)
    .option('--witness <key|file>', 'of a bundle: verifier key of a witness', again)
    .option('--receipt-keys <file>', "of a bundle: the gateway's keys for receipts (JWKS)", again)
    .option('--party-keys <party=file>', 'of a bundle: keys of a party that signed (JWKS)', again)
    .option('--body <file>', 'of a bundle: the body as it was sent')
}

function isGiven({ logKey, witness, receiptKeys, partyKeys, body }: BundleOptions): boolean {
  return [logKey, witness, receiptKeys, partyKeys, body].some(one => one !== undefined)
}

function wrongUse(command: Command, what: string): void {
  command.error(`huisbrug: ${what}`, { exitCode: EXIT_WRONG_USE })
}
