import type { Operation } from './operation.ts'

/** The rights of persons, and what a second person approves. */
export const SUBJECT_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/subjects/usage',
    id: 'findUsage',
    tag: 'evidence',
    summary: 'See what happened with data about a person',
    description:
      'A privacy officer asks by national number and says why; a housing company asks by its own reference of a current tenant and sees what it sent or got. Newest first, in plain Dutch, with purpose, legal basis and proof. The reading is an entry about the person itself. The employment service may not call it.',
    scope: 'usage:read',
    people: 'usage:search',
    request: 'usage-request',
    status: 200,
    reply: 'usage',
    refusals: ['HB-202', 'HB-401', 'HB-406', 'HB-420', 'HB-421', 'HB-514', 'HB-904'],
  },
  {
    method: 'get',
    path: '/v1/approvals',
    id: 'listApprovals',
    tag: 'evidence',
    summary: 'List what waits for a second person',
    people: 'approvals:manage',
    status: 200,
    reply: 'approvals',
    refusals: [],
  },
  {
    method: 'post',
    path: '/v1/approvals/{id}',
    id: 'decideApproval',
    tag: 'evidence',
    summary: 'Approve or refuse what another person asked',
    description:
      'Of another session than the one that asked. It is good for the one call that was asked for, by who asked, once, within 24 hours.',
    people: 'approvals:manage',
    request: 'approval-decision',
    status: 204,
    refusals: ['HB-420', 'HB-422'],
  },
]
