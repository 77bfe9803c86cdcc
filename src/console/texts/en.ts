import { approvals } from './en-approvals.ts'
import { attention } from './en-attention.ts'
import { auditLog } from './en-audit-log.ts'
import { exceptions } from './en-exceptions.ts'
import { feedback } from './en-feedback.ts'
import { figures } from './en-figures.ts'
import { integrity } from './en-integrity.ts'
import { messages } from './en-messages.ts'
import { overview } from './en-overview.ts'
import { parked } from './en-parked.ts'
import { parties } from './en-parties.ts'
import { problems } from './en-problems.ts'
import { protocols } from './en-protocols.ts'
import { quotas } from './en-quotas.ts'
import { reports } from './en-reports.ts'
import { sessions } from './en-sessions.ts'
import { subjects } from './en-subjects.ts'
import { suspension } from './en-suspension.ts'
import { system } from './en-system.ts'
import type { Texts } from './nl.ts'

/** All words of the console in English. */
export const en: Texts = {
  lang: 'en',
  frame: {
    skip: 'Go to the content',
    tagline: 'console',
    menu: 'Main menu',
    signedInAs: 'Signed in as',
    signOut: 'Sign out',
    drawnAt: (moment: string): string => `As of ${moment} (Belgian time).`,
    other: 'Nederlands',
  },
  nav: {
    overview: 'Overview',
    messages: 'Messages',
    auditLog: 'Audit log',
    verify: 'Verification',
    protocols: 'Protocols',
    pseudonyms: 'Pseudonyms',
    approvals: 'Approvals',
    sessions: 'Signed in',
    subjects: 'Requests',
    feedback: 'Feedback',
    exceptions: 'Exceptions',
    integrity: 'Integrity',
    parties: 'Parties and keys',
    system: 'System',
    attention: 'Attention',
    reports: 'Reports',
  },
  menuGroups: {
    exchange: 'Exchange',
    evidence: 'Evidence',
    people: 'Persons',
    running: 'Running it',
  },
  signIn: {
    title: 'Sign in',
    intro: 'You opened a one-time link. Press the button to sign in.',
    once: 'The link works once and for a short time. It stays usable until you press the button.',
    button: 'Sign in',
    byProvider: 'You sign in with the account of your organisation.',
    signedInTitle: 'You are signed in',
    again: 'Sign in again',
    elsewhere:
      'You may still be signed in at the sign-in service of your organisation. Do you work on a shared computer? Sign out there too.',
    signOutElsewhere: 'Sign out at the sign-in service',
    signedOutTitle: 'You are signed out',
    signedOut: 'Your session is closed. You can close this window.',
  },
  common: {
    none: 'none',
    notApplicable: 'not applicable',
    unknown: 'unknown',
    all: 'all',
    newest: 'Newest',
    older: 'Older',
    pages: 'Pages',
    filter: 'Show',
    clear: 'Clear the filters',
    wrongDate: 'This date does not exist. Choose a date or leave the field empty.',
    wrongRange: 'The end date is before the start date. Swap them.',
    wrongValue: 'This value does not exist. Choose another or leave the field empty.',
    sentAgain:
      'Your session was over. Nothing happened. Check what you filled in, type a national number again, and send it.',
    formWrong: 'Change the marked fields. Nothing has been searched yet.',
  },
  problems,
  overview,
  attention,
  auditLog,
  messages,
  protocols,
  quotas,
  suspension,
  parked,
  sessions,
  reports,
  subjects,
  approvals,
  exceptions,
  feedback,
  figures,
  integrity,
  parties,
  system,
}
