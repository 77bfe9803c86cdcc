import { seedRows } from '../support/seed.ts'
import { type Region, seedRegion } from './region.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addMessage, ago, idAt } from './seed.ts'

describe('the list of messages', () => {
  let rooms: Rooms
  let region: Region
  let cookie: string

  beforeAll(async () => {
    rooms = await openRooms()
    region = await seedRegion(rooms.database.pool)
    cookie = (await rooms.signIn()).cookie
  })

  afterAll(() => rooms?.close())

  const list = async (query: string) => idsIn((await rooms.get(`/berichten${query}`, cookie)).html)

  test('shows every message once, newest first', async () => {
    const { answered, answer, refused, feedback, parked, hostile } = region
    expect(await list('')).toEqual([hostile, feedback, parked, answer, answered, refused])
  })

  test.each<[string, (keyof Region)[]]>([
    ['toestand=refused', ['hostile', 'refused']],
    ['toestand=parked', ['parked']],
    ['toestand=held', ['feedback']],
    ['toestand=collecting', ['answer']],
    ['toestand=answered', ['answered']],
    ['toestand=underway', []],
    ['toestand=delivered', ['answered']],
    ['soort=tenancy.ended', ['parked']],
    ['partij=vdab', ['feedback', 'answer']],
    ['partij=woonboog&toestand=parked', ['parked']],
    ['protocol=wm-vdab&partij=vdab', ['feedback', 'answer']],
    ['protocol=ocmw-vdab', []],
    ['code=HB-304', ['refused']],
    ['code=HB-301&soort=tenancy.ended', []],
    ['van=2026-03-10&tot=2026-03-10&toestand=refused', ['hostile', 'refused']],
    ['van=2026-03-11', []],
    ['tot=2026-03-09', []],
  ])('filter %s', async (query, expected) => {
    expect(await list(`?${query}`)).toEqual(expected.map(name => region[name]))
  })

  test('finds a message by its id or the beginning of it', async () => {
    expect(await list(`?bericht=${region.parked}`)).toEqual([region.parked])
    expect(await list(`?bericht=${region.parked.slice(0, 14)}`)).toContain(region.parked)
    expect(await list(`?bericht=${region.parked.toLowerCase()}`)).toEqual([region.parked])
    expect(await list('?bericht=msg_ZZZZ')).toEqual([])
  })

  test.each([
    'van=2026-02-30',
    'code=304',
    'protocol=onzin',
    'van=2026-03-09&tot=2026-03-01',
    'bericht=%25',
    'bericht=msg_%25',
    'toestand=weg',
    'soort=onzin',
    'partij=niemand',
  ])('%s is said at its field, and nothing is searched', async query => {
    const { status, html } = await rooms.get(`/berichten?${query}`, cookie)
    expect(status).toBe(400)
    expect(html).toMatch(/Deze waarde bestaat niet|geen bestaande datum|Draai ze om/)
    expect(idsIn(html)).toEqual([])
  })

  test('each state that the list shows is one that the page of the message shows', async () => {
    const { html } = await rooms.get('/berichten', cookie)
    const states = [...html.matchAll(/<span class="badge [a-z]+">([^<]+)</g)].map(
      ([, text]) => text,
    )
    const pages = await Promise.all(
      idsIn(html).map(async id => (await rooms.get(`/berichten/${id}`, cookie)).html),
    )
    const headings = pages.map(page => /<h1>[^<]*<span[^>]*>([^<]+)</.exec(page)?.[1])
    expect(headings).toEqual(states)
  })

  test('pages of 50: older ones hold each message once', async () => {
    for (let minute = 0; minute < 120; minute++) {
      const at = ago(1000 + minute)
      await addMessage(rooms.database.pool, {
        at,
        type: 'tenancy.ended',
        party: 'leefgoed',
        accepted: 1,
      })
    }
    const seen: string[] = []
    let path: string | undefined = '/berichten?partij=leefgoed'
    let pages = 0
    while (path) {
      const { html } = await rooms.get(path, cookie)
      seen.push(...idsIn(html))
      path = /href="\/console(\/berichten\?[^"]+)" rel="next"/
        .exec(html)?.[1]
        ?.replaceAll('&amp;', '&')
      pages++
    }
    expect(pages).toBe(3)
    expect(seen).toHaveLength(121)
    expect(new Set(seen).size).toBe(121)
    expect(seen).toEqual(seen.toSorted().reverse())
  })

  test('a search that fits few of very many stops, says how far it came, and goes on from there', async () => {
    const { pool } = rooms.database
    const oldest = await addMessage(pool, {
      ...{ at: ago(2_300), type: 'detection.request', party: 'woonboog', accepted: 1 },
      answer: 'awaiting',
    })
    const many = Array.from({ length: 2_100 }, (_, n) => ago(2_290 - n / 60))
    await seedRows(pool, async tx => {
      await tx.query("UPDATE message SET answer_state = 'expired' WHERE id = $1", [oldest])
      await tx.query(
        `INSERT INTO message (id, type, protocol, party_id, purpose, received_at, received_day, digest,
           accepted, refused)
         SELECT id, 'tenancy.ended', 'wm-vdab', 'woonboog', 'detection', at,
           (at AT TIME ZONE 'UTC')::date, 'synthetic-body-digest', 1, 0
         FROM unnest($1::text[], $2::timestamptz[]) AS t(id, at)`,
        [many.map(at => idAt('msg', at)), many],
      )
    })
    const { cookie: own } = await rooms.signIn('privacy-officer', 'woonboog')
    const first = await rooms.get('/berichten?toestand=expired', own)
    expect(first.html).toMatch(
      /Tot \d[^<]* is alles bekeken\. Kies Oudere om verder terug te zoeken/,
    )
    expect(idsIn(first.html)).not.toContain(oldest)
    const older = /href="\/console(\/berichten\?[^"]+)" rel="next"/.exec(first.html)?.[1] ?? ''
    const second = await rooms.get(older.replaceAll('&amp;', '&'), own)
    expect(idsIn(second.html)).toEqual([oldest])
    expect(second.html).not.toContain('is alles bekeken')
  })
})

function idsIn(html: string): string[] {
  const links = html.matchAll(/href="\/console\/berichten\/(msg_\w+)"/g)
  return [...links].map(([, id]) => id ?? '')
}
