import type { Measure, TableDeclaration } from './types.ts'

const PARTY = { name: 'party', kind: 'codes' } as const
const MONTH = { name: 'month', kind: 'calendar' } as const

/** What is counted. A measure is added here in advance, with every dimension that a table may show. */
export const MEASURES: readonly Measure[] = [
  // Tenants found in the client file: the monthly number of each housing company, noise in it.
  { id: 'detection.found', dimensions: [PARTY, MONTH], about: true },
  // Numbers about the group of one request, such as the steps that it takes: each with noise of its own. Which
  // message, and the place of the number in it; a person may be in several, so nothing is added up.
  {
    id: 'group',
    dimensions: [
      PARTY,
      MONTH,
      { name: 'message', kind: 'codes', apart: true },
      { name: 'place', kind: 'codes', apart: true },
    ],
    about: true,
  },
  // Tenants whom a housing company asked about, and tenancies that it ended.
  { id: 'detection.asked', dimensions: [PARTY, MONTH] },
  { id: 'tenancies.ended', dimensions: [PARTY, MONTH] },
  // Feedback handed over, by the month in which it was, and how far its follow-up is. Not by how hard to
  // reach: that is erased with the payload, so of a quarter there is no true count of it.
  {
    id: 'feedback',
    dimensions: [
      PARTY,
      MONTH,
      {
        name: 'state',
        kind: 'codes',
        codes: ['open', 'overdue', 'taken-up', 'closed'],
        attribute: true,
      },
    ],
  },
  // What became of the tenants about whom there was feedback, by its month: whether the recipient found them
  // in the request of the month after, and whether there was feedback in any later month. Which of the one
  // is which of the other is not kept; tables of either have the same total.
  {
    id: 'sensitising',
    dimensions: [
      PARTY,
      MONTH,
      { name: 'found', kind: 'codes', codes: ['found', 'not-found', 'unknown'], attribute: true },
      { name: 'again', kind: 'codes', codes: ['not-again', 'again'], attribute: true },
    ],
  },
]

/** Every table of counts that may be released; see docs/disclosure-control.md for how to add one. */
export const TABLES: readonly TableDeclaration[] = [
  {
    id: 'detection-found',
    measure: 'detection.found',
    dimensions: ['party', 'month'],
    levels: ['month', 'quarter', 'year'],
  },
  {
    id: 'group-counts',
    measure: 'group',
    dimensions: ['party', 'month', 'message', 'place'],
    levels: ['month'],
  },
  {
    id: 'detection-asked',
    measure: 'detection.asked',
    dimensions: ['party', 'month'],
    levels: ['month', 'quarter', 'year'],
  },
  {
    id: 'tenancies-ended',
    measure: 'tenancies.ended',
    dimensions: ['party', 'month'],
    levels: ['month', 'quarter', 'year'],
  },
  {
    id: 'feedback-by-state',
    measure: 'feedback',
    dimensions: ['party', 'month', 'state'],
    levels: ['quarter', 'year'],
  },
  {
    id: 'sensitising-found',
    measure: 'sensitising',
    dimensions: ['party', 'month', 'found'],
    levels: ['quarter', 'year'],
  },
  {
    id: 'sensitising-again',
    measure: 'sensitising',
    dimensions: ['party', 'month', 'again'],
    levels: ['quarter', 'year'],
  },
]
