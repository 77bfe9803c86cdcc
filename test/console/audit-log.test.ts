import { createHash } from 'node:crypto'
import { readEntryFilter } from '../../src/audit/filter.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { verifyProof } from '../../src/audit/proof-file.ts'
import { queryEntries } from '../../src/audit/query.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import { type Region, seedRegion } from './region.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addEntries, ago, PROTOCOL } from './seed.ts'

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
    ['wie=employment-service', [12, 8]],
    ['soort=tenancy.ended&wie=housing-company', [9]],
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

describe('following the audit log', () => {
  let rooms: Rooms
  beforeAll(async () => {
    rooms = await openRooms()
    await seedRegion(rooms.database.pool)
    await rooms.sequence()
  })
  afterAll(() => rooms?.close())

  test('only the page that follows may run a script, of ours and of this host alone', async () => {
    const { cookie } = await rooms.signIn()
    const still = await rooms.get('/auditlog', cookie)
    expect(still.html).not.toContain('<script')
    expect(still.headers.get('content-security-policy')).not.toContain('script-src')
    const live = await rooms.get('/auditlog?volg=ja&handeling=message.parked', cookie)
    const policy = live.headers.get('content-security-policy')
    expect(policy).toMatch(/^default-src 'none'.*;script-src 'self';connect-src 'self'$/)
    expect(live.html.match(/<script[^>]*>/g)).toEqual([
      expect.stringMatching(/^<script src="\/console\/bestanden\/live.js\?v=[0-9a-f]{12}" defer>$/),
    ])
    expect(live.html).toContain('handeling=message.parked&amp;vanaf=')
    expect((await rooms.get('/bestanden/live.js')).headers.get('content-type')).toContain(
      'javascript',
    )
  })

  test('new entries that fit come by themselves, until the session ends', async () => {
    const { cookie } = await rooms.signIn()
    await rooms.sequence()
    const address = `${rooms.url}/auditlog/live?handeling=protocol.changed&vanaf=20`
    const response = await fetch(address, { headers: { cookie } })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    await addEntries(rooms.database.pool, [
      { action: 'protocol.changed', at: ago(1), actor: { role: 'gateway' }, protocol: PROTOCOL },
      { action: 'program.stopped', at: ago(1), actor: { role: 'gateway' } },
    ])
    await rooms.sequence()
    let text = ''
    let isEnding = false
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString()
      if (!text.includes('event: regel') || isEnding) continue
      isEnding = true
      await rooms.deps.sessions.closeSession(cookie.split('=')[1] ?? '')
    }
    const lines = [...text.matchAll(/event: regel\ndata: (.*)\n/g)].map(([, it]) => JSON.parse(it!))
    expect(lines).toMatchObject([
      { sentence: expect.stringContaining('is gewijzigd'), outcome: '' },
    ])
    expect(text.endsWith('event: einde\ndata: einde\n\n')).toBe(true)
  })

  test.each(['', '?vanaf=x', '?vanaf=1&code=onzin'])('a feed of %j does not exist', async query => {
    const { cookie } = await rooms.signIn()
    expect((await rooms.get(`/auditlog/live${query}`, cookie)).status).toBe(404)
    expect((await rooms.get(`/auditlog/live${query}`)).status).toBe(401)
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

  test('is checked now, from its bytes to the signature; one that was changed is found', async () => {
    const { cookie, csrf } = await rooms.signIn()
    const check = async () => (await rooms.post('/auditlog/3/controle', { csrf }, cookie)).html
    const good = await check()
    expect(good).toContain('Deze regel is zoals hij werd vastgelegd')
    expect(good.match(/<span class="badge good">klopt<\/span>/g)).toHaveLength(4)
    const { pool } = rooms.database
    const spoil = async (sql: string) => {
      await pool.query('ALTER TABLE audit_entry DISABLE TRIGGER USER')
      await pool.query(sql)
      await pool.query('ALTER TABLE audit_entry ENABLE TRIGGER USER')
    }
    await spoil("UPDATE audit_entry SET entry = entry || ' '::bytea WHERE index = 3")
    const bad = await check()
    expect(bad).toContain('Deze regel klopt niet')
    expect(bad.match(/<span class="badge bad">klopt niet<\/span>/g)?.length).toBeGreaterThan(1)
    await spoil(
      'UPDATE audit_entry SET entry = substring(entry FOR octet_length(entry) - 1) WHERE index = 3',
    )
    expect(await check()).toContain('Deze regel is zoals hij werd vastgelegd')
  })

  test('is to be had byte for byte, with a proof that verifies', async () => {
    const { cookie } = await rooms.signIn()
    const entry = await rooms.get('/auditlog/4/regel', cookie)
    const proof = await rooms.get('/auditlog/4/bewijs', cookie)
    expect(proof.headers.get('content-disposition')).toContain('regel-4.tlog-proof')
    const key = noteVerifier(String(await rooms.deps.verifierKey()))
    expect(verifyProof(proof.html, Buffer.from(entry.html), key).size).toBeGreaterThan(4)
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
