/** HB-2xx: the shape of a request. */
export const SHAPE = {
  'HB-201': [400, 'The body is not JSON', 'Send UTF-8 JSON with Content-Type application/json.'],
  'HB-202': [
    400,
    'The body does not fit the schema',
    'Compare the body with the schema named in rule.',
  ],
  'HB-203': [413, 'The body is too large', 'Split the message; a body holds at most 1 MiB.'],
  'HB-204': [415, 'The content type is not supported', 'Send Content-Type application/json.'],
  'HB-205': [
    400,
    'The Idempotency-Key header is missing or malformed',
    'Send a key of 1 to 64 characters from A-Z a-z 0-9 . _ - and repeat it on retry.',
  ],
  'HB-206': [404, 'There is no such operation', 'See /docs for the operations.'],
  'HB-207': [405, 'The method is not allowed here', 'See /docs for the methods of this path.'],
  'HB-208': [
    400,
    'A query parameter is not valid',
    'See /docs for the parameters of this operation.',
  ],

  'HB-209': [
    422,
    'An explanation takes no national numbers',
    'Write the word "synthetic" in place of every national number.',
  ],
  'HB-211': [
    400,
    'The body is nested too deep or holds too many values',
    'Send at most 32 levels and 100,000 values; split the message.',
  ],
  'HB-212': [
    400,
    'A name is given twice in one object, or is not allowed',
    'Give each name once; __proto__, constructor and prototype are no names here.',
  ],
  'HB-213': [
    400,
    'The request can be read in more than one way',
    'Send an ordinary HTTP request: a path, each header once, at most 100 of them.',
  ],
  'HB-219': [
    422,
    'The counts contradict each other',
    'Count again: a part is never more than its whole, and nothing is counted before its day.',
  ],
} as const
