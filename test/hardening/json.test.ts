import fc from 'fast-check'
import { Refusal } from '../../src/errors.ts'
import { parseStrictJson } from '../../src/json.ts'
import { parseFolder } from '../../src/protocol/load.ts'

function parse(text: string | Uint8Array): unknown {
  return parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text)
}

/** Code and place of the refusal. */
function refusalOf(text: string | Uint8Array): [string, string] | undefined {
  try {
    parse(text)
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return [error.code, error.reasons[0]?.pointer ?? '']
  }
}

const MIB = 1024 * 1024
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('JSON of others', () => {
  test.each([
    ['a name twice', '{"a":1,"b":2,"a":3}', ['HB-212', '/a']],
    ['deeper, with its place', '{"items":[{"a":1},{"a":1,"a":1}]}', ['HB-212', '/items/1/a']],
    ['once as an escape', '{"insz":1,"\\u0069nsz":2}', ['HB-212', '/insz']],
    ['once with an escaped slash', '{"a\\/b":1,"a/b":2}', ['HB-212', '']],
    ['a place is shown as far as its names are plain', '{"12 34":{"a":1,"a":1}}', ['HB-212', '']],
    ['__proto__', '{"a":{"__proto__":{"isAdmin":true}}}', ['HB-212', '/a/__proto__']],
    ['__proto__ as an escape', '{"__pr\\u006fto__":1}', ['HB-212', '/__proto__']],
    ['constructor', '{"constructor":{"prototype":{"a":1}}}', ['HB-212', '/constructor']],
    ['33 levels', nested(33), ['HB-211', `${'/0'.repeat(32)}`]],
    ['a mebibyte of lists', '['.repeat(MIB), ['HB-211', `${'/0'.repeat(32)}`]],
    ['a mebibyte of objects', '{"a":'.repeat(MIB / 5), ['HB-211', `${'/a'.repeat(32)}`]],
    ['a mebibyte of small lists', `[${'[],'.repeat(MIB / 3 - 1)}[]]`, ['HB-211', '']],
    ['a mebibyte of zeros', `[${'0,'.repeat(MIB / 2 - 1)}0]`, ['HB-211', '']],
    ['no JSON', '{"a":1', ['HB-201', '']],
    ['two values', '{} {}', ['HB-201', '']],
    ['a name that is no JSON', '{"\\x":1}', ['HB-201', '']],
    ['text without an end', '{"a', ['HB-201', '']],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), ['HB-201', '']],
    ['nothing', '', ['HB-201', '']],
    ['half a character', '{"a":["\\ud83d"]}', ['HB-201', '']],
    ['half a character in a name', '{"a\\udc00":1}', ['HB-201', '']],
  ])('%s is refused', (_, text, refusal) => {
    expect(refusalOf(text)).toEqual(refusal)
  })

  test('a hostile mebibyte costs less than an ordinary one of tenants', () => {
    const cost = (text: string) => {
      const bytes = Buffer.from(text)
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now()
        refusalOf(bytes)
        return performance.now() - start
      })
      return Math.min(...times)
    }
    const tenant = { insz: '00000000000', tenantRef: 'tenant-1', tenantGround: 'art-6.1-1-a' }
    const ordinary = cost(JSON.stringify({ tenants: Array.from({ length: 12_000 }, () => tenant) }))
    // Room for a machine that does other things.
    expect(cost('['.repeat(MIB))).toBeLessThan(3 * ordinary)
    expect(cost(`[${'[],'.repeat(MIB / 3 - 1)}[]]`)).toBeLessThan(3 * ordinary)
    expect(cost('{"a":'.repeat(MIB / 5))).toBeLessThan(3 * ordinary)
  })

  test('32 levels, equal names in other objects, and names as values go', () => {
    const texts = [
      nested(32),
      '{"a":{"a":"a"},"b":[{"a":1},{"a":"a"},"a","a"]}',
      '["__proto__"]',
      '["\\ud83d\\ude00"]',
    ]
    for (const text of texts) expect(parse(text)).toEqual(JSON.parse(text))
  })

  test('whatever JSON.stringify writes is read as JSON.parse reads it', () => {
    const sound = fc.jsonValue({ maxDepth: 6 }).map(value => JSON.stringify(value))
    fc.assert(
      fc.property(sound, text => {
        fc.pre(!/"(__proto__|constructor|prototype)":/.test(text))
        expect(parse(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('what JSON.parse refuses is refused, whatever was put where', () => {
    const broken = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.string())
      .map(([text, at, put]) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + put + text.slice(place)
      })
    fc.assert(
      fc.property(broken, text => {
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        if (!isJson) expect(refusalOf(text)).toBeDefined()
        else if (refusalOf(text)) expect(refusalOf(text)?.[0]).toBe('HB-212')
      }),
    )
  })
})

test.each([
  ['a name twice', '{"protocolId":"a","protocolId":"b"}', 'gives a name twice'],
  ['__proto__', '{"__proto__":{"protocolId":"a"}}', 'gives a name twice, or one that is not'],
  ['too deep', nested(40), 'is nested too deep'],
])('a protocol document with %s is not read, nor is a record', (_, text, why) => {
  const result = parseFolder({ folder: 'x', protocol: text, signatures: undefined })
  const findings = result && 'findings' in result ? result.findings : []
  expect(findings).toMatchObject([{ code: 'not-json', text: expect.stringContaining(why) }])
  expect(({} as { protocolId?: string }).protocolId).toBeUndefined()
})
