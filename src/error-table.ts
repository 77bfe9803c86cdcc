import { LIMITS_AND_OURS } from './error-table-ours.ts'
import { SHAPE } from './error-table-shape.ts'
import { BINDING_AND_ISSUERS } from './error-table-tokens.ts'

/**
 * Every refusal the gateway can give. Families: HB-1xx access, 2xx shape, 3xx protocol, 4xx persons
 * and routes, 5xx state and idempotency, 6xx limits, 9xx ours. Codes are never reused or renamed.
 */
export const ERRORS = {
  'HB-101': [
    401,
    'No access token',
    'Fetch a token at POST /oauth/token and send it as "Authorization: Bearer …".',
  ],
  'HB-102': [
    401,
    'The access token is not valid',
    'Fetch a new token; do not change or build tokens yourself.',
  ],
  'HB-103': [
    401,
    'The access token has expired',
    'Fetch a new token; expires_in says how long one lasts.',
  ],
  'HB-104': [
    401,
    'The token is meant for another audience',
    'Use a token whose aud is the public URL of this gateway.',
  ],
  'HB-105': [
    401,
    'The client assertion was used before',
    'Make a new assertion with a new jti for every token request.',
  ],
  'HB-106': [
    401,
    'The party is unknown or disabled',
    'Ask the operator of the gateway to register or enable the party.',
  ],
  'HB-107': [
    403,
    'This operation is not open to this kind of party',
    'See the operation list in /docs for who may call what.',
  ],
  'HB-108': [
    401,
    'The client assertion is refused',
    'Sign with a registered key; iss = sub = party id, aud = the token URL, exp - iat at most 120 s.',
  ],
  'HB-109': [
    400,
    'The token request is not complete',
    'Send grant_type, client_id, client_assertion_type and client_assertion as a form (RFC 7523).',
  ],
  'HB-110': [401, 'Not signed in', 'Open the one-time link that the gateway printed at start.'],
  'HB-111': [403, 'The form is not from this session', 'Reload the page and try again.'],
  'HB-112': [
    401,
    'The sign-in link was used or has expired',
    'Run "huisbrug console link" for a new link.',
  ],
  'HB-113': [
    401,
    'No person is signed in',
    'Sign in to the console, or send a token of "huisbrug console token" as "Authorization: Bearer …".',
  ],
  'HB-114': [
    403,
    'This operation is not open to the role of this person',
    'Sign in with a role that may do this; see the operation list in /docs.',
  ],
  'HB-115': [
    403,
    'The call is not from this session',
    'Send the token of the session as X-CSRF-Token, or use a bearer token instead of the cookie.',
  ],
  'HB-116': [
    403,
    'This person has no role here',
    'Have the identity provider give a value that HUISBRUG_OIDC_ROLES names, then sign in again.',
  ],
  'HB-117': [
    401,
    'Signing in at the identity provider did not work',
    'Sign in again from the start, in one window; the log of the gateway says what was wrong.',
  ],
  'HB-118': [
    503,
    'The identity provider does not answer as it should',
    'Try again; if it lasts, compare HUISBRUG_OIDC_ISSUER with its discovery document.',
  ],
  ...BINDING_AND_ISSUERS,

  ...SHAPE,

  'HB-301': [422, 'The protocol is unknown', 'Use an id from GET /v1/protocols.'],
  'HB-302': [
    403,
    'Phase 1: no protocol opens this exchange',
    'Draw up, sign and publish a protocol first; nothing about a person moves without one.',
  ],
  'HB-303': [
    403,
    'The decree is not in force',
    'Wait until the decretal ground of the protocol is in force.',
  ],
  'HB-304': [
    403,
    'The protocol is not signed by all parties',
    'Have every party sign the protocol; see its signatures.',
  ],
  'HB-305': [403, 'The protocol is not yet in force', 'Wait until the start date of the protocol.'],
  'HB-306': [403, 'The protocol has ended', 'Agree on a new version or a successor.'],
  'HB-307': [503, 'The protocol is suspended', 'Try again later with the same Idempotency-Key.'],
  'HB-308': [403, 'The party is not a party to this protocol', 'Accede to the framework first.'],
  'HB-309': [
    403,
    'The protocol does not allow this direction',
    'See the message types of the protocol for sender and recipient.',
  ],
  'HB-310': [
    403,
    'The protocol does not list this message type',
    'Use a message type that the protocol lists.',
  ],
  'HB-311': [
    403,
    'The protocol does not list this purpose for this message type',
    'Name a purpose that the protocol lists for the message type.',
  ],
  'HB-312': [
    403,
    'The protocol does not list this field',
    'Leave out the field; the protocol lists what may be sent.',
  ],
  'HB-313': [
    403,
    'The message is larger than the protocol allows',
    'Split the message to the ceiling of the protocol.',
  ],
  'HB-314': [
    403,
    'The target group is not the one of the protocol',
    'Name the target group and version that the protocol defines.',
  ],
  'HB-315': [
    403,
    'The protocol does not grant this form of answer',
    'Answer with counts or per person, as the protocol says.',
  ],
  'HB-316': [
    503,
    'The register of the recipient is not ready',
    'Try again later with the same Idempotency-Key.',
  ],
  'HB-317': [
    403,
    'The protocol document is not valid',
    'Run "huisbrug protocol lint" and correct the document.',
  ],
  'HB-318': [
    403,
    'An advice of a data protection officer is missing',
    'Add the advice of the officer of every party, with a reason where it is not followed.',
  ],
  'HB-319': [
    403,
    'The protocol is not published',
    'Publish this very text on the site of every party and record it.',
  ],
  'HB-320': [
    403,
    'Two versions of the protocol are in force at once',
    'Have the newer one name the older in supersedes, or revoke one of them.',
  ],
  'HB-321': [403, 'The sender makes the pseudonyms', 'Send tag, secret and subjectTag instead.'],

  'HB-401': [
    422,
    'The national number is not valid',
    'Check the number: eleven digits with a correct check number.',
  ],
  'HB-402': [
    422,
    'The tenant reference contains a national number',
    'Use a reference of your own that is not derived from a national number.',
  ],
  'HB-403': [
    422,
    'The same tenant occurs twice in the message',
    'Send each tenant and each reference once.',
  ],
  'HB-404': [
    409,
    'The tenant was already sent for this period',
    'Leave out tenants that were accepted in an earlier message of the month.',
  ],
  'HB-405': [
    422,
    'No current route',
    'Nothing to do: there is no housing company to which this may go now.',
  ],
  'HB-406': [
    422,
    'No current tenant with this reference',
    'Check the reference; a tenancy ends once.',
  ],
  'HB-407': [
    422,
    'A row id is not part of the request',
    'Answer with row ids of the request only; nothing of this answer was taken.',
  ],
  'HB-408': [
    422,
    'Processing for this person is restricted',
    'Do not send this person until the restriction ends.',
  ],
  'HB-409': [422, 'The same tag occurs twice in the message', 'Send each tag once.'],
  'HB-410': [
    422,
    'An element is not a valid group element',
    'Blind again; elements are 32 bytes, canonical, not the identity.',
  ],
  'HB-411': [422, 'The same element occurs twice', 'Blind each input with a fresh scalar.'],
  'HB-412': [422, 'The domain is unknown', 'Use a domain from GET /v1/pseudonyms/domains.'],
  'HB-413': [
    409,
    'The key epoch is closed',
    'Use the current epoch from GET /v1/pseudonyms/domains.',
  ],
  'HB-414': [
    422,
    'The signed participation of the person is missing',
    'Name the date and your reference of the document that the person signed.',
  ],
  'HB-415': [
    422,
    'The participation of the person was withdrawn',
    'Do not send this person again without a participation signed later.',
  ],
  'HB-416': [
    422,
    'No message of the sender about this person is waiting',
    'Check the reference; only what is still held can be objected to.',
  ],
  'HB-417': [
    422,
    'The person objected after this announcement',
    'Do not send this person again without a later announcement.',
  ],
  'HB-418': [422, 'National numbers and pseudonyms are mixed', 'Send all items in one form.'],
  'HB-419': [422, 'The domain is missing', 'Name the domain in which the pseudonyms were made.'],
  'HB-420': [
    404,
    'There is no such approval to decide on or to use',
    'Check the id: an approval is for one call, once, within a day, and not for who gave it.',
  ],
  'HB-421': [403, 'The second person refused', 'Talk with the second person; ask anew if need be.'],
  'HB-422': [403, 'Nobody approves what they asked themselves', 'Have somebody else decide on it.'],
  'HB-423': [409, 'Processing for this person is restricted already', 'Nothing to do.'],
  'HB-424': [
    409,
    'Processing for this person is not restricted',
    'Check the national number; there is no restriction to lift.',
  ],
  'HB-425': [
    503,
    'Something about this person is on its way at this moment',
    'Try again in a minute: what a worker has in hand cannot be erased under it.',
  ],

  'HB-501': [
    409,
    'The Idempotency-Key was used with another body',
    'Use a new key for a new message, the same key and body for a retry.',
  ],
  'HB-502': [409, 'The request was already answered', 'Nothing to do: the first answer stands.'],
  'HB-503': [
    404,
    'There is no such message',
    'Check the id; only messages of the calling party are shown.',
  ],
  'HB-504': [
    409,
    'The request has expired',
    'Nothing to do: the answer window of the protocol is over.',
  ],
  'HB-505': [
    409,
    'The answer is not bound to this request',
    'Repeat the requestDigest that came with the request.',
  ],
  'HB-506': [
    404,
    'There is no such feedback',
    'Check the id; only feedback for the calling party is shown.',
  ],
  'HB-507': [
    409,
    'The feedback cannot move to this status',
    'Feedback goes forward only: open, taken-up, closed; closed is the end.',
  ],
  'HB-508': [
    410,
    'The payload is no longer kept',
    'Nothing to do: the retention of the protocol is over.',
  ],
  'HB-509': [
    409,
    'The period is closed',
    'Send new tenants with a reference date in an open period.',
  ],
  'HB-510': [
    404,
    'There is no such delivery',
    'Check the id; only deliveries to the calling party are shown.',
  ],
  'HB-511': [404, 'No webhook is set', 'Set one with PUT /v1/webhook.'],
  'HB-512': [
    422,
    'The webhook address is not allowed',
    'Use an https address that is publicly reachable, without user name or fragment.',
  ],
  'HB-513': [
    409,
    'The secret of this Idempotency-Key is not in use any more',
    'Ask for a new secret with POST /v1/webhook/rotate and a new key.',
  ],
  'HB-514': [
    409,
    'This waits for a second person',
    'Have a second person approve it with POST /v1/approvals/{id}, then repeat the same call with approval.',
  ],
  ...LIMITS_AND_OURS,
} as const satisfies Record<string, readonly [number, string, string]>
