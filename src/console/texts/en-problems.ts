import type { Texts } from './nl.ts'

/** What the pages about a problem say. */
export const problems: Texts['problems'] = {
  'not-signed-in': {
    title: 'You are not signed in',
    lines: [
      'You must be signed in for this page. A session ends by itself when you do nothing for a while.',
      'Ask the operator of the gateway for a one-time link. The gateway shows one when it starts. The operator makes a new one with this command:',
    ],
  },
  'link-used': {
    title: 'This link no longer works',
    lines: [
      'The link was used or has expired. A link works only once.',
      'Ask the operator of the gateway for a new link, made with this command:',
    ],
  },
  'foreign-form': {
    title: 'The form is not valid',
    lines: [
      'This form does not belong to your current session. Nothing has happened.',
      'Go back, reload the page and try once more.',
    ],
  },
  'not-allowed': {
    title: 'You have no access to this page',
    lines: ['This page does not belong to your role. Ask the operator if you need it.'],
  },
  'not-found': {
    title: 'This page does not exist',
    lines: ['Check the address. The message or protocol may not be known here.'],
  },
  'unreadable-form': {
    title: 'The request cannot be read',
    lines: ['The gateway could not read the request. Nothing has happened.'],
  },
  'store-away': {
    title: 'The data cannot be reached for a moment',
    lines: ['The database does not answer. Try again in a minute.'],
  },
  'log-unreadable': {
    title: 'An entry of the audit log cannot be read',
    lines: [
      'The gateway cannot show this page, because an entry of the audit log is damaged or changed.',
      'Verify the audit log: the check names the first entry that does not fit.',
    ],
  },
  failed: {
    title: 'Something went wrong',
    lines: [
      'The fault is ours and is in the log of the program. Nothing has changed.',
      'Does it keep happening? Then tell the operator.',
    ],
  },
  'no-role': {
    title: 'You have no role here',
    lines: [
      'You are signed in at your organisation, but it gave you no role in this gateway, or made you the officer of two parties at once. An account belongs to one party.',
      'Ask the operator to give your account a role. Then sign in again.',
    ],
  },
  'sign-in-failed': {
    title: 'Signing in failed',
    lines: [
      'The answer of the sign-in service did not fit your attempt, or was too old. You are not signed in.',
      'Start again, in one window. Does it fail again? Then tell the operator.',
    ],
  },
  'provider-away': {
    title: 'The sign-in service cannot be reached for a moment',
    lines: [
      'The gateway got no good answer from the sign-in service of your organisation.',
      'Try again in a minute. Does it last? Then tell the operator.',
    ],
  },
  'too-many': {
    title: 'Too many attempts',
    lines: ['There were too many attempts to sign in. Try again in a minute.'],
  },
  kept: 'What you filled in is still on this page, except a national number. Sign in in another tab. Then come back here and go on: you look over everything once more before you send it.',
  keptOn: 'I am signed in: go on',
  signInFirst:
    'You must be signed in for this page. A session ends by itself when you do nothing for a while.',
  signIn: 'Sign in',
  code: 'Code for the operator:',
  howToGetALink:
    'Do you want to sign in again? Then you need a new link. The operator makes one with:',
  command: 'huisbrug console link',
  again: 'Try again',
  toOverview: 'To the overview',
  toVerify: 'To the verification',
}
