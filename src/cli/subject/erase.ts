import type { Command } from 'commander'
import { erase, previewErasure } from '../../subject/erasure.ts'
import { tellErasure } from '../../subject/rights-words.ts'
import type { Open } from '../party.ts'
import { rightsOptions, runRights } from './run.ts'

/**
 * `huisbrug subject erase --case REF --reason TEXT [--yes] [--json]`: erases what the gateway holds of
 * the person whose national number comes from standard input, and says what remains and why.
 */
export function addErasure(subject: Command, open: Open): void {
  rightsOptions(subject.command('erase'))
    .description('erase what is held of a person (GDPR art. 17); number from standard input')
    .action((_: object, command: Command) =>
      runRights(open, command, { preview: previewErasure, act: erase, tell: tellErasure }),
    )
}
