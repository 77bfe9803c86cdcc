import { Command } from 'commander'
import type { Open } from './party.ts'
import { addErasure } from './subject/erase.ts'
import { addRestriction } from './subject/restrict.ts'

/**
 * `huisbrug subject restrict|lift|erase`: the rights of one person, whose national number comes from
 * standard input.
 */
export function subjectCommand(open: Open): Command {
  const subject = new Command('subject').description('the rights of one person')
  addRestriction(subject, open)
  addErasure(subject, open)
  return subject
}
