import { createHash } from 'node:crypto'
import { readEntryFilter } from '../../src/audit/filter.ts'
import { queryEntries } from '../../src/audit/query.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import { type Region, seedRegion } from './region.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addEntries, ago } from './seed.ts'

describe('the audit log in the console', () => {
  let rooms: Rooms
  let region: Region
  let cookie: string

  beforeAll(async () => {
    rooms = await openRooms()
    region = await seedRegion(rooms.database.pool)
    await rooms.sequence()
    cookie = (await rooms.signIn()).cookie
  })

  afterAll(() => rooms?.close())

  const indexes = async (query: string) => {
    const { status, html } = await rooms.get(`/auditlog${query}`, cookie)
    expect(status).toBe(200)
    return [...html.matchAll(/href="\/console\/auditlog\/(\d+)"/g)].map(([, index]) =>
      Number(index),
    )
  }

  test('shows every entry, newest first, in a Dutch sentence with a link to its message', async () => {
    const { html } = await rooms.get('/auditlog', cookie)
    expect(await indexes('')).toHaveLength(27)
    expect(html).toContain('De gateway aanvaardde een detectievraag van Woonboog (197 aanvaard')
    expect(html).toContain(`href="/console/berichten/${region.answered}"`)
    expect(html.indexOf('14:00:00')).toBeLessThan(html.indexOf('08:00:00'))
  })

  test.each([
    ['partij=leefgoed', [2]],
    ['uitkomst=refused', [26, 2]],
    ['code=HB-304', [2]],
    ['handeling=protocol.in-force', [1]],
    ['handeling=message.retrying&ontvanger=vdab', [5]],
    ['protocol=wm-vdab&handeling=message.accepted', [9, 3]],
    ['van=2026-03-10&tot=2026-03-10&partij=hostile', [26]],
    ['van=2026-03-11', []],
    ['tot=2026-03-09', []],
  ])('filter %s', async (query, expected) => {
    expect(await indexes(`?${query}`)).toEqual(expected)
  })

  test('filters on one message and keeps what was filled in', async () => {
    expect(await indexes(`?bericht=${region.parked}`)).toEqual([11, 10, 9])
    const { html } = await rooms.get(`/auditlog?bericht=${region.parked}&uitkomst=refused`, cookie)
    expect(html).toContain(`value="${region.parked}"`)
    expect(html).toContain('<option value="refused" selected>')
    expect(html).toContain('Geen regel past bij deze filters.')
  })

  test('offers what is filtered as a file, by the filters of the interface', async () => {
    const { html } = await rooms.get('/auditlog?code=HB-304&partij=leefgoed&van=2026-03-10', cookie)
    const [csv, jsonl] = [...html.matchAll(/href="(\/v1\/audit\/export[^"]*)" download/g)].map(
      ([, href = '']) => new URLSearchParams(href.replaceAll('&amp;', '&').split('?')[1]),
    )
    const filters = { code: 'HB-304', party: 'leefgoed', from: '2026-03-09T23:00:00.000Z' }
    expect(Object.fromEntries(csv ?? [])).toEqual({ ...filters, format: 'csv' })
    expect(readEntryFilter(filters)).toMatchObject({ party: 'leefgoed' })
    expect(jsonl?.get('format')).toBe('jsonl')
  })

  test('a day is a day in Belgium, also where the clock changes', async () => {
    await addEntries(rooms.database.pool, [
      entryAt('2026-03-28T22:59:59.999Z'),
      entryAt('2026-03-28T23:00:00.000Z'),
      entryAt('2026-03-29T21:59:59.999Z'),
      entryAt('2026-03-29T22:00:00.000Z'),
    ])
    await rooms.sequence()
    const found = await indexes('?van=2026-03-29&tot=2026-03-29')
    expect(found).toHaveLength(2)
  })

  test.each([
    ['van=2026-02-30', 'Dit is geen bestaande datum'],
    ['tot=gisteren', 'Dit is geen bestaande datum'],
    ['van=2026-03-10&tot=2026-03-09', 'De einddatum ligt voor de begindatum'],
    ['handeling=alles', 'Deze waarde bestaat niet'],
    ['code=%3Cb%3E', 'Deze waarde bestaat niet'],
    ['bericht=alles', 'Deze waarde bestaat niet'],
  ])('%s is said at its field, and nothing is searched', async (query, complaint) => {
    const { status, html } = await rooms.get(`/auditlog?${query}`, cookie)
    expect(status).toBe(400)
    expect(html).toContain(complaint)
    expect(html).toContain('aria-invalid="true"')
    expect(html).not.toContain('Regels van de auditlog')
  })

  test('a cursor that was made up gives the first page, or a page that says it cannot be read', async () => {
    for (const cursor of ['', '..', '%3Cb%3E', 'x'.repeat(200)]) {
      expect((await rooms.get(`/auditlog?na=${cursor}`, cookie)).status).toBe(200)
    }
    for (const cursor of ['onzin', 'AAAA']) {
      const { status, html } = await rooms.get(`/auditlog?na=${cursor}`, cookie)
      expect(status).toBe(400)
      expect(html).toContain('De aanvraag is niet leesbaar')
    }
  })
})

describe('paging through the audit log', () => {
  test('older pages hold each entry once, and the newest is one click away', async () => {
    const rooms = await openRooms()
    try {
      const drafts = Array.from({ length: 120 }, (_, minute) => entryAt(ago(minute).toISOString()))
      await addEntries(rooms.database.pool, drafts)
      const { cookie } = await rooms.signIn()
      await rooms.sequence()
      const seen: string[] = []
      let path: string | undefined = '/auditlog?handeling=program.started'
      let pages = 0
      while (path) {
        const { html } = await rooms.get(path, cookie)
        seen.push(
          ...[...html.matchAll(/href="\/console\/auditlog\/(\d+)"/g)].map(([, i]) => i ?? ''),
        )
        expect(html.includes('>Nieuwste</a>')).toBe(pages > 0)
        path = /href="\/console(\/auditlog\?[^"]+)" rel="next"/
          .exec(html)?.[1]
          ?.replaceAll('&amp;', '&')
        pages++
      }
      expect(pages).toBe(3)
      expect(new Set(seen).size).toBe(120)
      expect(seen).toHaveLength(120)
    } finally {
      await rooms.close()
    }
  })
})

describe('one entry', () => {
  let rooms: Rooms
  let cookie: string

  beforeAll(async () => {
    rooms = await openRooms()
    await seedRegion(rooms.database.pool)
    await rooms.sequence()
    cookie = (await rooms.signIn()).cookie
  })

  afterAll(() => rooms?.close())

  test('shows all its fields in words', async () => {
    const { html } = await rooms.get('/auditlog/3', cookie)
    for (const text of [
      'Regel 3 van de auditlog',
      'Woonboog (woonmaatschappij)',
      'insz, referenceDate, targetGroup, tenantGround, tenantRef',
      'aanvaard: 197, geweigerd: 3',
      'HB-401: Een rijksregisternummer is niet geldig.',
      'Kijk het nummer na.',
      '2, alleen als verzegelde vingerafdruk',
    ]) {
      expect(html).toContain(text)
    }
  })

  test('its leaf and proof on the page give the signed root, by RFC 6962 alone', async () => {
    const { html } = await rooms.get('/auditlog/3', cookie)
    const codes = [...html.matchAll(/<code>([^<]+)<\/code>/g)].map(([, text]) => unescapeHtml(text))
    const leaf = Buffer.from(valueAfter(html, 'Bladwaarde'), 'base64url')
    const root = valueAfter(html, 'Topwaarde')
    const size = Number(/Regels in het controlepunt<\/dt><dd>(\d+)/.exec(html)?.[1])
    const path = [...html.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, hash]) =>
      Buffer.from(unescapeHtml(hash), 'base64'),
    )
    expect(rootFromPath(3, size, leaf, path).toString('base64')).toBe(root)
    const checkpoint = codes.find(text => text.startsWith('huisbrug.example/log\n')) ?? ''
    expect(checkpoint.split('\n').slice(1, 3)).toEqual([String(size), root])
  })

  test('reading it is an entry: one for each view, with the message it was about', async () => {
    const read = async () => {
      await rooms.sequence()
      const { items } = await queryEntries(rooms.database.pool, { action: 'console.viewed' })
      return items.map(({ entry }) => entry)
    }
    const before = (await read()).length
    await rooms.get('/auditlog/3', cookie)
    await rooms.get('/auditlog/0', cookie)
    await rooms.get('/auditlog/99999', cookie)
    const entries = await read()
    expect(entries.length - before).toBe(2)
    expect(entries.slice(0, 2).map(entry => entry.message?.type)).toContain('detection.request')
    expect(entries[0]?.actor).toEqual({
      role: 'privacy-officer',
      client: expect.stringMatching(/^ses_[\w-]{16}$/),
    })
  })
})

function entryAt(at: string): EntryDraft {
  return { action: 'program.started', at: new Date(at), actor: { role: 'gateway' } }
}

function unescapeHtml(text = ''): string {
  return text.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}

function valueAfter(html: string, label: string): string {
  const at = html.indexOf(`<dt>${label}`)
  return unescapeHtml(/<code>([^<]+)<\/code>/.exec(html.slice(at))?.[1])
}

/** Root of an inclusion path, written from RFC 9162 section 2.1.3.2 for this test. */
function rootFromPath(index: number, size: number, leaf: Buffer, path: Buffer[]): Buffer {
  let fn = index
  let sn = size - 1
  let hash = leaf
  for (const sibling of path) {
    if (fn % 2 === 1 || fn === sn) {
      hash = node(sibling, hash)
      while (fn % 2 === 0 && fn !== 0) {
        fn >>= 1
        sn >>= 1
      }
    } else hash = node(hash, sibling)
    fn >>= 1
    sn >>= 1
  }
  expect(sn).toBe(0)
  return hash
}

function node(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest()
}
