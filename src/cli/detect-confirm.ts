import { createInterface } from 'node:readline/promises'
import { ROLES } from '../sheet/headers.ts'
import { columnLetter } from '../sheet/table.ts'
import type { DetectOptions } from './detect.ts'
import type { Agreement } from './detect-agreement.ts'
import type { CheckedSheet } from './detect-sheet.ts'
import { describeRequest } from './detect-words.ts'
import { ProfileError } from './partner-profile.ts'
import type { Partner } from './partner-run.ts'

/** Asks a person; undefined where there is nobody to ask. */
export type Confirm = (question: string) => Promise<boolean | undefined>

interface Asked {
  sheet: CheckedSheet
  agreement: Agreement
  referenceDate: string
  partner: Partner
  options: DetectOptions
}

/**
 * Whether this may be sent: `--yes`, a person who says so, or where nobody can be asked, columns that were all
 * named.
 * @throws ProfileError where nobody can be asked and it was not said before
 */
export async function assertConfirmed(
  { sheet, agreement, referenceDate, partner, options }: Asked,
  out: (text: string) => unknown,
  confirm: Confirm,
): Promise<boolean> {
  out(describeRequest({ ...agreement, referenceDate }, partner.profile))
  if (options.yes) return true
  const count = sheet.checked.good.length
  const answer = await confirm(`Send these ${count} tenants? [y/N] `)
  if (answer !== undefined) return answer
  if (ROLES.every(role => options.columns?.[role] ?? (role === 'ground' && options.ground)))
    return true
  throw new ProfileError(
    'nothing was sent, for nobody can be asked here: see whether the columns are right, then add --yes, or ' +
      `say --columns ${namedColumns(sheet)}`,
  )
}

function namedColumns({ mapping }: CheckedSheet): string {
  return ROLES.flatMap(role => {
    const { column } = mapping.columns[role] ?? {}
    return column === undefined ? [] : `${role}=${columnLetter(column)}`
  }).join(',')
}

/** On a terminal; a person may say yes or ja. */
export const askOnTerminal: Confirm = async question => {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  const terminal = createInterface({ input: stdin, output: stderr })
  const gone = new Promise<string>(resolve => terminal.once('close', () => resolve('')))
  const answer = await Promise.race([terminal.question(question).catch(() => ''), gone])
  terminal.close()
  return /^(y|yes|j|ja)$/i.test(answer.trim())
}
