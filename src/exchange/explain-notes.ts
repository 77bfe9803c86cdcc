import type { Agreement } from '../protocol/document.ts'
import { formOf, isBlind } from '../protocol/forms.ts'
import type { CheckName } from './explain-checks.ts'
import type { Asking } from './explain-question.ts'

/** What an explanation leaves open, by check, and what there is to know besides. */
export interface Notes {
  unknown: Partial<Record<CheckName, string>>
  notes: string[]
}

interface Known {
  pattern: Agreement['messageTypes'][number]['pattern'] | undefined
  ceilings: Agreement['periodicity']['ceilings'] | undefined
  /** Counted before, where a gateway could be asked. */
  used: { day: number; epoch: number } | undefined
  /** No gateway is asked. */
  local: boolean
  /** Its protocol asks for signed messages. */
  signed: boolean
  /** Its protocol asks for a token that is bound. */
  bound: boolean
}

const NOT_HERE = 'Only a gateway knows this.'
const SIGNED = 'Sign it when it is sent: without a signature of the party it is refused (HB-127).'
const BOUND =
  'Send it with a token that is bound as the protocol asks: with another it is refused (HB-123).'

/** What depends on who the persons are and on what was sent before, by interaction pattern. */
const STATE: Readonly<Record<NonNullable<Known['pattern']>, string>> = {
  request:
    'Known only when it is sent: whether a number is valid, whether a person was sent in this month before, whether the month is closed.',
  answer:
    'Known only when it is sent: whether the request still waits for its answer, whether its rows are named.',
  counts: 'Known only when it is sent: whether the same counts were sent before.',
  event: 'Known only when it is sent: whether each person has one current route to a party.',
  progress: 'Known only when it is sent: how far the feedback has come; it goes forward only.',
  withdrawal:
    'Known only when it is sent: whether each reference is that of a current person of the sender.',
}

/** Tells what is left open, with what could be read beforehand. Pure. */
export function noteUnknown(asking: Asking, known: Known): Notes {
  const { pattern, ceilings, used, local, signed, bound } = known
  const left = (most: number, gone: number) => `${Math.max(0, most - gone)} of ${most} items`
  const volume = ceilings &&
    used && {
      'items-today': `${left(ceilings.perDay, used.day)} of this type are left for the sender that day (UTC). It is counted when it is sent.`,
      'items-in-epoch': `${left(ceilings.perEpoch, used.epoch)} of this type are left for the sender under this key epoch. It is counted when it is sent.`,
    }
  const unknown = {
    'items-today': NOT_HERE,
    'items-in-epoch': NOT_HERE,
    state: pattern ? STATE[pattern] : 'Known only when it is sent.',
    ...volume,
    ...(local && { domain: NOT_HERE }),
  }
  const later = [...(signed ? [SIGNED] : []), ...(bound ? [BOUND] : [])]
  return { unknown, notes: [...notesFor(asking, pattern), ...later] }
}

function notesFor(
  { about, general, synthetic, type, body }: Asking,
  pattern: Known['pattern'],
): string[] {
  const notes = ['Nothing of this message was kept or passed on.']
  if (isBlind(body[formOf(type, general).items ?? ''])) {
    notes.push(
      'Pseudonyms were not looked at: that they are of one person is the word of the sender.',
    )
  } else if (synthetic > 0) {
    notes.push('National numbers were not looked at: an invalid one refuses its item (HB-401).')
  }
  const aboutAnother = pattern === 'answer' || pattern === 'progress'
  if (aboutAnother && !general && about === undefined) {
    notes.push('Name in about the id from the path of the endpoint to check it against that too.')
  }
  return notes
}
