import type { figures as nlFigures } from './nl-figures.ts'

/** Words of the charts of the overview. */
export const figures: typeof nlFigures = {
  title: 'Figures',
  period: 'Period',
  periods: { '24u': '24 hours', '7': '7 days', '30': '30 days', '365': '365 days' },
  wrongPeriod: 'There is no such period. You see the last 24 hours.',
  days: 'A day runs from 0 to 24 h UTC here; over 365 days each bar is a week from Monday. A day that is over is counted, and again while something of it is on its way.',
  table: 'Show the figures in a table',
  csv: 'Keep as CSV',
  csvOf: title => `Keep as CSV: ${title}`,
  first: { hour: 'Hour', day: 'Day', week: 'Week from' },
  summary: (counted, total, parts) =>
    parts === '' ? `${counted}: ${total}.` : `${counted}: ${total}. Of these ${parts}.`,
  charts: {
    volume: {
      title: 'Volume: messages',
      counted: 'Messages received',
      note: 'A message is refused where none of its items was accepted.',
    },
    outcome: {
      title: 'Outcome: items',
      counted: 'Items',
      note: 'What has become of them by now, at the time of receipt.',
    },
    latency: {
      title: 'Time from receipt to delivery',
      counted: 'Hand-overs delivered',
      note: 'Without what had to wait by agreement: for the end of a period, a time for objections or a suspension.',
    },
    closing: {
      title: 'Feedback: days to close',
      counted: 'Feedback closed',
      note: 'On the day that the receiver names. Closing is known by day alone: over 24 hours you see yesterday and today.',
    },
  },
  parts: {
    volume: ['accepted', 'refused'],
    outcome: {
      delivered: 'delivered',
      pending: 'on its way',
      parked: 'parked',
      expired: 'expired',
      withdrawn: 'withdrawn',
      refused: 'refused',
    },
    latency: ['up to 10 seconds', 'up to 1 minute', 'up to 1 hour', 'up to 1 day', 'longer'],
    closing: ['up to 2 days', 'up to 7 days', 'up to 14 days', 'up to 30 days', 'longer'],
  },
}
