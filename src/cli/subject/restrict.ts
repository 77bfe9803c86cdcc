import type { Command } from 'commander'
import { lift, previewLift, previewRestriction, restrict } from '../../subject/restriction.ts'
import { tellLift, tellRestriction } from '../../subject/rights-words.ts'
import type { Open } from '../party.ts'
import { rightsOptions, runRights } from './run.ts'

/**
 * `huisbrug subject restrict|lift --case REF --reason TEXT [--yes] [--json]`: nothing more is exchanged
 * about the person whose national number comes from standard input, or no longer.
 */
export function addRestriction(subject: Command, open: Open): void {
  rightsOptions(subject.command('restrict'))
    .description(
      'stop all exchange about a person (GDPR art. 18 and 21); number from standard input',
    )
    .action((_: object, command: Command) =>
      runRights(open, command, {
        preview: previewRestriction,
        act: restrict,
        tell: tellRestriction,
      }),
    )
  rightsOptions(subject.command('lift'))
    .description('end such a restriction; number from standard input')
    .action((_: object, command: Command) =>
      runRights(open, command, { preview: previewLift, act: lift, tell: tellLift }),
    )
}
