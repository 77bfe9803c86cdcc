import { type AttentionKind, KINDS } from '../../src/attention/kinds.ts'
import { type Noted, pointsOf } from '../../src/console/points.ts'
import { seedRegion } from './region.ts'
import { openRooms, type Rooms, sampleProtocols } from './rooms.ts'
import { addHandOver, addMessage, addParties, ago, NOW } from './seed.ts'

describe('the overview', () => {
  let rooms: Rooms
  let html: string

  beforeAll(async () => {
    rooms = await openRooms()
    await seedRegion(rooms.database.pool)
    await rooms.sequence()
    html = (await rooms.get('', (await rooms.signIn()).cookie)).html
  })

  afterAll(() => rooms?.close())

  test('the balance of today, per protocol, in items', () => {
    expect(rowsOf(html, 'Balans van vandaag')).toEqual([
      ['zonder bekend protocol', '1', '0', '1', '0', '0', '0', '0', '0', 'klopt'],
      ['wm-vdab', '411', '207', '204', '203', '2', '2', '0', '0', 'klopt'],
    ])
  })

  test('names each point to look at and leads to it', () => {
    expect(html).toContain('Er zijn 5 punten om te bekijken')
    expect(html).toContain(
      'href="/console/protocollen/wm-vdab-de-noorderkempen">Het protocol wm-vdab-de-noorderkempen is opgeschort.',
    )
    expect(html).toContain('href="/console/berichten?toestand=parked">Eén overdracht is geparkeerd')
    expect(html).toContain('href="/console/protocollen/kapot">Het protocol kapot is niet bruikbaar')
    expect(html).toContain(
      'href="/console/uitzonderingen?toestand=unseen">Eén uitzondering staat open',
    )
  })

  test('an answer that waits for its period, as agreed, is no point to look at', () => {
    expect(html).toContain('<dd>1</dd>')
    expect(html).toContain('href="/console/berichten?toestand=collecting"')
    expect(html).toContain('Eén overdracht wordt aangehouden.')
  })

  test('open feedback with the age of the oldest, and what became of the rest', () => {
    expect(html).toContain('De oudste staat 5 uur open. Opgenomen: 2. Afgesloten: 1.')
  })

  test('the last checkpoint with its age', () => {
    expect(html).toMatch(/27<\/span> regels in het laatste controlepunt/)
    expect(html).toContain('Laatst ondertekend: minder dan een seconde geleden.')
  })

  test('a chart says its figures in words, has them in a table and as CSV', async () => {
    expect(html).toContain('Ontvangen berichten: 6. Daarvan aanvaard 4, geweigerd 2.')
    const hours = rowsOf(html, 'Volume: berichten</caption>')
    expect(hours).toHaveLength(24)
    expect(hours.at(-1)).toEqual(['14:00', '0', '1'])
    expect(hours.find(([hour]) => hour === '10:00')).toEqual(['10:00', '1', '0'])
    const { cookie } = await rooms.signIn()
    const file = await rooms.get('/cijfers?grafiek=volume&periode=24u', cookie)
    expect(file.headers.get('content-disposition')).toContain('huisbrug-volume-24u-2026-03-10.csv')
    expect(file.html.trim().split('\n').at(-1)).toBe('2026-03-10T13:00:00.000Z,0,1')
    for (const path of [
      '/cijfers',
      '/cijfers?grafiek=x&periode=7',
      '/cijfers?grafiek=volume&periode=8',
    ])
      expect((await rooms.get(path, cookie)).status).toBe(404)
  })

  test('an item without a place is a point, and the table says that it does not fit', async () => {
    const lost = await openRooms()
    try {
      await addParties(lost.database.pool)
      const message = { at: ago(5), type: 'detection.request', party: 'woonboog', accepted: 10 }
      const messageId = await addMessage(lost.database.pool, message)
      const handOver = { messageId, at: ago(5), to: 'vdab', kind: 'request' } as const
      await addHandOver(lost.database.pool, { ...handOver, state: 'queued', items: 9 })
      const page = await lost.get('', (await lost.signIn()).cookie)
      expect(page.html).toContain('De balans van wm-vdab klopt niet')
      expect(rowsOf(page.html, 'Balans van vandaag')[0]?.at(-1)).toBe('klopt niet')
    } finally {
      await lost.close()
    }
  })

  test('entries that wait for more than a minute are a point', async () => {
    const stuck = await openRooms()
    try {
      const { cookie } = await stuck.signIn()
      await stuck.database.pool.query('ALTER TABLE audit_pending DISABLE TRIGGER append_only')
      await stuck.database.pool.query(
        `UPDATE audit_pending SET created_at = clock_timestamp() - interval '61 seconds'`,
      )
      const page = await stuck.get('', cookie)
      expect(page.html).toContain('Eén regel wacht langer dan een minuut')
    } finally {
      await stuck.close()
    }
  })
})

describe('an empty system', () => {
  test('every page says that there is nothing yet', async () => {
    const rooms = await openRooms({
      protocols: { protocols: new Map(), versions: new Map(), broken: new Map(), findings: [] },
    })
    try {
      const { cookie, csrf } = await rooms.signIn()
      const overview = (await rooms.get('', cookie)).html
      expect(overview).toContain('Vandaag kwam nog niets binnen.')
      expect(overview).toContain('Er is geen protocol.')
      expect(overview).toContain('Er is nog geen controlepunt.')
      expect(overview).toContain('Ontvangen berichten: 0.')
      expect((await rooms.get('/berichten', cookie)).html).toContain('nog geen bericht ontvangen')
      expect((await rooms.get('/auditlog', cookie)).html).toContain('De auditlog is nog leeg.')
      expect((await rooms.get('/protocollen', cookie)).html).toContain('Er is geen protocol.')
      expect((await rooms.get('/controle', cookie)).html).toContain('Er is nog geen controlepunt.')
      const check = await rooms.post('/controle', { csrf }, cookie)
      expect([check.status, check.html.includes('De auditlog klopt<')]).toEqual([200, true])
    } finally {
      await rooms.close()
    }
  })

  test('one that runs and has nothing to say is well', async () => {
    const set = sampleProtocols()
    const protocols = new Map(set.protocols)
    protocols.delete('wm-vdab-de-noorderkempen')
    const rooms = await openRooms({ protocols: { ...set, protocols, broken: new Map() } })
    try {
      const { cookie } = await rooms.signIn()
      await rooms.sequence()
      const { html } = await rooms.get('', cookie)
      expect(html).toContain('Alles is in orde')
      expect(html).toContain('class="verdict good"')
    } finally {
      await rooms.close()
    }
  })
})

describe('what is a point to look at', () => {
  const log = { checkpoint: { size: 1, at: NOW }, pending: { count: 0, late: 0 } }
  const noted = (kind: AttentionKind, count: number): Noted => {
    return { kind, about: '', severity: KINDS[kind].severity, count, since: NOW }
  }
  const well = {
    balances: [],
    waiting: { parked: 0, held: 0 },
    exceptionCount: 0,
    log,
    protocols: [],
  }

  test('nothing, where all is well', () => {
    expect(pointsOf(well)).toEqual([])
  })

  test.each([
    [{ waiting: { parked: 3, held: 0 } }, 'warn', '3 overdrachten zijn geparkeerd'],
    [{ waiting: { parked: 0, held: 2 } }, 'warn', '2 overdrachten worden aangehouden'],
    [{ exceptionCount: 2 }, 'warn', '2 uitzonderingen'],
    // What is parked has a point of its own.
    [{ attention: [noted('access-refused', 120), noted('parked', 3)] }, 'warn', '120 pogingen'],
    [{ attention: [noted('probe-late', 1)] }, 'bad', 'proefbericht'],
    [{ log: { ...log, checkpoint: undefined } }, 'bad', 'nog geen ondertekend controlepunt'],
    [{ log: { ...log, pending: { count: 1500, late: 1200 } } }, 'bad', '1.200 regels'],
    [
      { protocols: [{ id: 'x', isBroken: true, isSuspended: false }] },
      'bad',
      'Het protocol x is niet bruikbaar',
    ],
    [
      { protocols: [{ id: 'x', isBroken: false, isSuspended: true }] },
      'warn',
      'Het protocol x is opgeschort',
    ],
  ])('%j is one', (change, tone, text) => {
    const points = pointsOf({ ...well, ...change })
    expect(points).toHaveLength(1)
    expect(points[0]?.tone).toBe(tone)
    expect(points[0]?.text).toContain(text)
  })
})

/** The cells of a table's body, found by words before it. */
function rowsOf(html: string, before: string): string[][] {
  const at = html.indexOf('<tbody', html.lastIndexOf(before))
  const body = html.slice(at, html.indexOf('</tbody>', at))
  return [...body.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...(row ?? '').matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) =>
      (cell ?? '').replace(/<[^>]+>/g, '').trim(),
    ),
  )
}
