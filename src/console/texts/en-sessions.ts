import type { sessions as nl } from './nl-sessions.ts'

/** Words of who is signed in. */
export const sessions: typeof nl = {
  title: 'People signed in',
  lead: 'Who is signed in now. A session ends by itself when it is not used for a while. You can also end it at once: that person then has to sign in again.',
  caption: 'Sessions open now, newest first',
  who: 'Who',
  since: 'Signed in',
  seen: 'Last used:',
  until: 'Ends at the latest',
  own: 'Your own session',
  end: 'End',
  endFor: (who, id) => `End: the session of ${who} (${id})`,
  unnamed: {
    link: 'With a one-time link',
    provider: 'With the sign-in service, without a name',
    token: 'A program, with a token',
  },
  ended: 'The session has been ended.',
  gone: 'That session was over already. Nothing has changed.',
}
