/** Refusals of the families HB-6xx (limits) and HB-9xx (ours); see error-table.ts. */
export const LIMITS_AND_OURS = {
  'HB-601': [429, 'Too many requests', 'Wait for the time in Retry-After.'],
  'HB-602': [
    429,
    'The evaluation quota is used up',
    'Wait for the next daily allowance or ask the privacy officer for a grant.',
  ],
  'HB-603': [413, 'Too many elements in one request', 'Send at most 5,000 elements.'],
  'HB-604': [429, 'The daily ceiling of the protocol is reached', 'Go on tomorrow (UTC).'],
  'HB-605': [
    503,
    'The gateway has as much in hand as it can hold',
    'Try again after the time in Retry-After with the same Idempotency-Key, with fewer calls at once.',
  ],
  'HB-606': [
    503,
    'Too much waits for the recipient already',
    'Nothing was taken in. Try again after the time in Retry-After with the same Idempotency-Key.',
  ],

  'HB-901': [
    500,
    'Something went wrong on our side',
    'Try again with the same Idempotency-Key; report the instance if it goes on.',
  ],
  'HB-902': [
    503,
    'Evidence cannot be written, so nothing is disclosed',
    'Try again later with the same Idempotency-Key.',
  ],
  'HB-903': [503, 'The store is not reachable', 'Try again later with the same Idempotency-Key.'],
  'HB-904': [
    503,
    'The key service is not reachable',
    'Try again later with the same Idempotency-Key.',
  ],
  'HB-905': [
    503,
    'The key service has done its most for today',
    'Try again after the time in Retry-After with the same Idempotency-Key.',
  ],
  'HB-906': [
    503,
    'The key service answered wrongly, so nothing of it was used',
    'Try again later with the same Idempotency-Key; the operator has to look at the key service.',
  ],
  'HB-907': [
    503,
    'Evidence has not been signed for too long, so nothing is disclosed',
    'Nothing was taken in. Try again after the time in Retry-After with the same Idempotency-Key.',
  ],
  'HB-908': [
    503,
    'The evidence is older than what was published, so nothing is disclosed',
    'Nothing was taken in. Try again later with the same Idempotency-Key; the operator has to restore the evidence.',
  ],
  'HB-909': [
    404,
    'This gateway is no witness for that log',
    'Ask its operator to add the origin of the log and its verifier key.',
  ],
  'HB-910': [
    422,
    'The checkpoint does not grow from the one that was cosigned',
    'Send the consistency proof from the size that a 409 names; another history is never cosigned.',
  ],
} as const satisfies Record<string, readonly [number, string, string]>
