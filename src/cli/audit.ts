import { Command } from 'commander'
import { exportCommand } from './audit/export.ts'
import { keyCommand } from './audit/key.ts'
import { proveCommand } from './audit/prove.ts'
import { recoverCommand } from './audit/recover.ts'
import { verifyCommand } from './audit/verify.ts'
import { timestampsCommand, witnessKeyCommand } from './audit-witness.ts'
import type { Open } from './party.ts'

/** `huisbrug audit verify|key`: recomputes the log, exit 1 names what does not fit; tells its key. */
export function auditCommand(open: Open): Command {
  return new Command('audit')
    .description('the audit log')
    .addCommand(verifyCommand(open))
    .addCommand(proveCommand(open))
    .addCommand(exportCommand(open))
    .addCommand(keyCommand(open))
    .addCommand(recoverCommand(open))
    .addCommand(witnessKeyCommand(open))
    .addCommand(timestampsCommand(open))
}
