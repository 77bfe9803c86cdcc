import type { Dice } from './dice.ts'
import type { Draft } from './draft.ts'
import { mutateBody, oddValue } from './mutate-body.ts'
import { plantedNumber, plantedText } from './secrets.ts'

/** What a mutation may use of the world. */
export interface Others {
  roles: readonly string[]
  /** The Authorization of a role. */
  authorizationOf(role: string): string
  /** Keys that were used before. */
  usedKeys: readonly string[]
}

type Mutation = (draft: Draft, dice: Dice, others: Others) => void

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']
const TYPES = [
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'json',
    '',
  ],
  ...[
    'application/json; charset=utf-16',
    'application/json;charset=utf-8',
    'application/problem+json',
    'image/png',
  ],
]

const MUTATIONS: Record<string, Mutation> = {
  method: (draft, dice) => {
    draft.method = dice.pick(METHODS.filter(method => method !== draft.method))
  },
  'content-type': (draft, dice) =>
    set(draft, 'content-type', dice.chance(0.2) ? undefined : dice.pick(TYPES)),
  key: (draft, dice, { usedKeys }) => {
    const keys = [
      '',
      'a/b',
      'k'.repeat(64),
      'k'.repeat(65),
      plantedText(dice, 'sleutel'),
      plantedNumber(dice),
      dice.oneOf(usedKeys),
    ]
    set(draft, 'idempotency-key', dice.chance(0.2) ? undefined : dice.pick(keys))
  },
  role: (draft, dice, others) => {
    // What another than the one it is for would do here lasts: a month closed, events sent elsewhere.
    const lasts = ['closePeriod', 'setWebhook'].includes(draft.operation.id)
    const parties = lasts ? ['vdab', 'auditor'] : others.roles
    draft.as = dice.pick(parties)
    set(draft, 'authorization', others.authorizationOf(draft.as))
  },
  credentials: (draft, dice, others) => {
    const good = others.authorizationOf(dice.pick(others.roles))
    const [head = '', payload = '', signature = ''] = good.slice('Bearer '.length).split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    draft.as = undefined
    set(
      draft,
      'authorization',
      dice.pick([
        undefined,
        ...['', 'Bearer', 'Bearer ', 'Bearer ...', 'Basic eDp4', `bearer  ${plantedText(dice)}`],
        ...[
          `DPoP ${head}.${payload}.${signature}`,
          `Bearer ${none}.${payload}.`,
          `Bearer ${head}.${payload}.AAAA`,
        ],
        ...[
          `Bearer ${'x'.repeat(9_000)}`,
          `Bearer hbp_${'A'.repeat(43)}`,
          `Bearer ${head}.${payload}`,
        ],
      ]),
    )
  },
  header: (draft, dice) => {
    const [name, value] = dice.pick<[string, string]>([
      [
        'x-jws-signature',
        dice.pick(['x', 'eyJhbGciOiJub25lIn0..', 'eyJhbGciOiJFZERTQSJ9..AAAA', 'a.b.c']),
      ],
      ['dpop', dice.pick(['x', 'eyJhbGciOiJub25lIn0.e30.', plantedText(dice)])],
      ['x-csrf-token', plantedText(dice)],
      [
        'cookie',
        `huisbrug-sessie=${plantedText(dice)}; __Host-huisbrug-sessie=${plantedNumber(dice)}`,
      ],
      ['accept', dice.pick(['text/html', 'image/*', '*/*;q=0', plantedText(dice)])],
      ['accept-language', plantedText(dice)],
      ['content-encoding', dice.pick(['gzip', 'br', 'identity', 'x'])],
      ['range', 'bytes=0-1'],
      ['if-none-match', '*'],
      ['x-forwarded-for', dice.pick(['10.0.0.1', '::1', plantedText(dice), '1.2.3.4, 5.6.7.8'])],
      ['x-forwarded-proto', 'javascript'],
      ['x-http-method-override', 'DELETE'],
      ['host', dice.pick(['', 'evil.example', `${plantedText(dice)}:80`, '[::1'])],
      ['user-agent', plantedNumber(dice)],
      ['referer', `https://x.example/${plantedNumber(dice).replaceAll(' ', '')}`],
      ['traceparent', `00-${'0'.repeat(10)}${plantedText(dice)}-0123456789abcdef-01`],
      ['tracestate', `a=${plantedNumber(dice)}`],
      ['baggage', `insz=${plantedNumber(dice)},veld=${plantedText(dice)}`],
    ])
    set(draft, name, value)
  },
  parameter: (draft, dice) => {
    const names = Object.keys(draft.params)
    const name = dice.oneOf(names)
    if (name === undefined) return void bend(draft, dice)
    const value = draft.params[name] ?? ''
    draft.params[name] = dice.pick([
      textOf(oddValue(dice)),
      ...[
        '',
        '..',
        '__proto__',
        'constructor',
        `${value}0`,
        value.slice(0, -1),
        value.toLowerCase(),
      ],
      ...[
        value.replace(/\d/, '8'),
        `${value}/${value}`,
        '0'.repeat(300),
        '-1',
        '99999999999999999999',
      ],
    ])
  },
  path: (draft, dice) => bend(draft, dice),
  query: (draft, dice) => {
    const described = draft.operation.parameters
      .filter(one => one.in === 'query')
      .map(one => one.name)
    const name = dice.pick([
      ...described,
      'limit',
      'after',
      '__proto__',
      'limit[]',
      plantedText(dice),
    ])
    const value = dice.pick([
      '',
      '0',
      '1',
      '1000',
      '1001',
      '-1',
      '1e9',
      'NaN',
      'null',
      textOf(oddValue(dice)),
    ])
    draft.query.push([name, value])
    if (dice.chance(0.2)) draft.query.push([name, plantedNumber(dice)])
  },
}

/** Changes a request in one way, or two. */
export function mutate(draft: Draft, dice: Dice, others: Others): void {
  const times = dice.chance(0.75) ? 1 : 2
  for (let time = 0; time < times; time++) {
    const hasBody = draft.operation.body !== undefined && draft.raw === undefined
    if (dice.chance(hasBody ? 0.65 : 0.03)) mutateBody(draft, dice)
    else {
      const name = dice.pick(Object.keys(MUTATIONS))
      MUTATIONS[name]?.(draft, dice, others)
      draft.made.push(name)
    }
  }
}

function set(draft: Draft, name: string, value: string | undefined): void {
  if (value === undefined) delete draft.headers[name]
  else draft.headers[name] = value
}

function bend(draft: Draft, dice: Dice): void {
  const planted = plantedText(dice)
  draft.bendPath = dice.pick<(path: string) => string>([
    path => `${path}/`,
    path => `/${path}`,
    path => path.replaceAll('/', '//'),
    path => path.toUpperCase(),
    path => `${path}/${planted}`,
    path => path.replace(/\/(\w)/, '/./$1'),
    path => `/x/..${path}`,
    path => path.replace(/.$/, '%00'),
    path => `${path}%2e%2e%2f`,
    path => `${path};a=${planted}`,
    path => path.replace(/\w/, '%FF'),
    path => path.slice(0, -1),
  ])
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
