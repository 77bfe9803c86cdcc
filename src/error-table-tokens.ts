/** HB-12x and HB-130: what an access token is bound to, tokens of other issuers, signatures of messages. */
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
  'HB-127': [
    403,
    'The protocol asks for a signature',
    'Sign the exact bytes of the body: a detached JWS in X-JWS-Signature (docs/messages.md).',
  ],
  'HB-128': [
    400,
    'The signature of the message is not of a form that is taken',
    'Send one detached JWS (RFC 7797) as docs/messages.md has it.',
  ],
  'HB-129': [
    403,
    'The message is not signed by the party of the token',
    'Sign the bytes as they are sent, with the private key whose kid is registered for the party.',
  ],
  'HB-130': [
    403,
    'The signature is for another call',
    'Sign every call anew: iss, aud, htm, htu, id and iat of this one.',
  ],
} as const
