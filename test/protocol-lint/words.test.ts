import { isUnlimited, saysNothing } from '../../src/protocol/lint/words.ts'

describe('words that stand for nothing', () => {
  test.each([
    '',
    ' ',
    '-',
    '—',
    '...',
    'n.v.t.',
    'NVT',
    'nvt.',
    'n/a',
    'N.A.',
    'todo',
    'TODO:',
    'tbd',
    'in te vullen',
    '(nog te bepalen)',
    'xxx',
    '?',
    'geen',
    'idem',
    '\u200b',
    '7',
    'Niet van toepassing',
  ])('%j', text => expect(saysNothing(text)).toBe(true))

  test.each([
    '7 dagen',
    'tot het antwoord',
    'Zonder dit nummer kan niemand weten wie het is.',
    'geen andere sleutel',
    'tot de afgifte',
    '1 jaar',
  ])('and not %j', text => expect(saysNothing(text)).toBe(false))

  test('a period without an end', () => {
    for (const text of ['onbeperkt', 'voor altijd', 'voor onbepaalde tijd', 'indefinitely'])
      expect(isUnlimited(text)).toBe(true)
    for (const text of ['3 jaar', 'tot het antwoord']) expect(isUnlimited(text)).toBe(false)
  })
})
