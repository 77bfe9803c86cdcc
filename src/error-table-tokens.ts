/** HB-12x: what an access token is bound to, and tokens of other issuers. */
export const BINDING_AND_ISSUERS = {
  'HB-120': [
    401,
    'The DPoP proof is missing or refused',
    'Send a new proof with every call, signed with the key that the token was fetched with (RFC 9449).',
  ],
  'HB-121': [
    401,
    'The DPoP proof was used before',
    'Make a new proof with a new jti for every call.',
  ],
  'HB-122': [
    401,
    'The token is bound to another client certificate',
    'Call with the client certificate that the token was fetched with.',
  ],
  'HB-123': [
    403,
    'The protocol asks for a token that is bound to its party',
    'Fetch a token with a DPoP proof, or with a client certificate, as the protocol says.',
  ],
  'HB-124': [
    401,
    'The issuer of the token is not trusted',
    'Use a token of this gateway, or of an issuer that its operator trusts.',
  ],
  'HB-125': [
    401,
    'The token of the other issuer is not valid',
    'Fetch a new token of that issuer; do not change or build tokens yourself.',
  ],
  'HB-126': [
    503,
    'The keys of the other issuer cannot be had',
    'Try again later, or use a token of this gateway.',
  ],
} as const
