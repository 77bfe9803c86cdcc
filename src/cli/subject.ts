import { Command } from 'commander'
import type { Open } from './party.ts'
import { addApprovals } from './subject/approvals.ts'
import { addErasure } from './subject/erase.ts'
import { addRestriction } from './subject/restrict.ts'
import { addUsage } from './subject/usage.ts'

/**
 * `huisbrug subject usage|restrict|lift|erase|approvals`: the rights of one person, whose national number comes from
 * standard input.
 */
export function subjectCommand(open: Open): Command {
  const subject = new Command('subject').description('the rights of one person')
  addUsage(subject, open)
  addRestriction(subject, open)
  addErasure(subject, open)
  addApprovals(subject, open)
  return subject
}
