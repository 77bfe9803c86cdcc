import { Command } from 'commander'
import type { Open } from '../party.ts'
import { verifyOwnLog } from './verify-log.ts'

/** `huisbrug audit verify`: recomputes the own log; exit 1 names what does not fit. */
export function verifyCommand(open: Open): Command {
  return new Command('verify')
    .description('recompute the whole log from its entries and name the first that does not fit')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => verifyOwnLog(open, options))
}
