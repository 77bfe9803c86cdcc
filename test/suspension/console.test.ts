import type { ProtocolSet } from '../../src/protocol/load.ts'
import {
  contentWidth,
  describeInChromium,
  keepShot,
  openBrowser,
  openWindow,
  seriousFindings,
  signInByHand,
} from '../console/browser.ts'
import { seedRegion } from '../console/region.ts'
import { openRooms, type Rooms, sampleProtocols } from '../console/rooms.ts'
import { syntheticNumber } from '../support/people.ts'
import { seedRows } from '../support/seed.ts'

const ID = 'wm-vdab-woonboog'
const AT = `/protocollen/${ID}`
let rooms: Rooms

beforeEach(async () => {
  rooms = await openRooms()
  await seedRegion(rooms.database.pool)
  // Fourteen messages on the way for this company; the region's own belong to it as well.
  await seedRows(rooms.database.pool, tx =>
    tx.query(
      `UPDATE hand_over SET state = 'delivered', delivered_at = now()
       WHERE state NOT IN ('delivered', 'withdrawn') AND destination IS NOT NULL`,
    ),
  )
  await addUnderway(14)
})
afterEach(() => rooms.close())

async function addUnderway(count: number): Promise<void> {
  await seedRows(rooms.database.pool, tx =>
    tx.query(
      `WITH m AS (
       INSERT INTO message (id, type, protocol, party_id, received_at, received_day, digest, accepted, refused)
       SELECT 'msg_0000000000000000000000' || lpad(n::text, 4, '0'), 'tenancy.ended', 'wm-vdab',
         'woonboog', now(), current_date, 'x', 1, 0 FROM generate_series(1, $1::int) AS n RETURNING id)
     INSERT INTO hand_over (id, message_id, destination, kind, items, state, due_at, created_at)
     SELECT replace(id, 'msg_', 'del_'), id, 'vdab', 'items', 1, 'queued', now(), now() FROM m`,
      [count],
    ),
  )
}

const rowsOf = async (sql: string) => (await rooms.database.pool.query(sql)).rows
const suspensions = () => rowsOf('SELECT * FROM protocol_suspension ORDER BY id')

describe('suspending from the console', () => {
  test('asks first, with how many messages it holds, and does nothing until confirmed', async () => {
    const { cookie, csrf } = await rooms.signIn('operator')
    const page = await rooms.get(AT, cookie)
    expect(page.html).toContain(`action="/console${AT}/opschorten"`)
    const asked = await rooms.post(`${AT}/opschorten`, { csrf, reden: ' Onderzoek ' }, cookie)
    expect(asked.status).toBe(200)
    expect(asked.html).toContain('14 berichten worden vastgehouden')
    expect(asked.html).toContain('name="reden" value="Onderzoek"')
    expect(asked.html).toMatch(/Deze partijen krijgen een bericht: VDAB, Woonboog\./)
    expect(await suspensions()).toEqual([])
    const form = { csrf, reden: 'Onderzoek', bevestigd: 'ja' }
    const done = await rooms.post(`${AT}/opschorten`, form, cookie)
    expect(done.html).toContain('Het protocol is opgeschort.')
    expect(await suspensions()).toMatchObject([
      { protocol: ID, suspended_by: 'operator', reason: 'Onderzoek', resumed_at: null },
    ])
  })

  test('is evidence, with the session that did it; the reason stays beside the log', async () => {
    const { cookie, csrf } = await rooms.signIn()
    await rooms.post(`${AT}/opschorten`, { csrf, reden: 'Onderzoek', bevestigd: 'ja' }, cookie)
    const [{ entry }] = await rowsOf(
      "SELECT entry FROM audit_pending WHERE action = 'protocol.suspended'",
    )
    const text = entry.toString('utf8')
    expect(JSON.parse(text)).toMatchObject({
      actor: { role: 'privacy-officer', client: expect.any(String) },
      protocol: { id: ID },
      counts: { messages: 14 },
    })
    expect(text).not.toContain('Onderzoek')
    const details = await rowsOf('SELECT details FROM audit_detail')
    expect(JSON.stringify(details)).toContain('Onderzoek')
  })

  test('shows who suspended it, since when and why, and then a form to resume it', async () => {
    const { cookie, csrf } = await rooms.signIn('operator')
    await rooms.post(`${AT}/opschorten`, { csrf, reden: '<b>Lek?</b>', bevestigd: 'ja' }, cookie)
    const { html } = await rooms.get(AT, cookie)
    expect(html).toContain('&lt;b&gt;Lek?&lt;/b&gt;')
    expect(html).not.toContain('<b>Lek?</b>')
    expect(html).toMatch(/<dd>(de )?(beheerder|operator)/)
    expect(html).toContain(`action="/console${AT}/hervatten"`)
    expect(html).not.toContain('/opschorten"')
    await seedRows(rooms.database.pool, tx =>
      tx.query("UPDATE hand_over SET state = 'held', reason = 'HB-307' WHERE state = 'queued'"),
    )
    const asked = await rooms.post(`${AT}/hervatten`, { csrf, reden: 'Opgelost' }, cookie)
    expect(asked.html).toContain('14 berichten gaan weer door')
    const form = { csrf, reden: 'Opgelost', bevestigd: 'ja' }
    expect((await rooms.post(`${AT}/hervatten`, form, cookie)).html).toContain('is hervat')
    expect(await suspensions()).toMatchObject([
      { resumed_by: 'operator', resume_reason: 'Opgelost', resumed_at: expect.any(Date) },
    ])
  })

  test.each([
    ['nothing', ''],
    ['blanks', '   '],
    ['501 characters', 'x'.repeat(501)],
    ['a national number', `over ${syntheticNumber(3)}`],
    ['one with dots', `over ${syntheticNumber(3).replace(/^(..)(..)(..)(...)/, '$1.$2.$3-$4.')}`],
  ])('%s is no reason: said at the field, not shown again, nothing done', async (_, reden) => {
    const { cookie, csrf } = await rooms.signIn('operator')
    for (const bevestigd of ['', 'ja']) {
      const answer = await rooms.post(`${AT}/opschorten`, { csrf, reden, bevestigd }, cookie)
      expect(answer.status).toBe(400)
      expect(answer.html).toContain('id="reden-fout"')
      if (reden.trim()) expect(answer.html).not.toContain(reden)
    }
    expect(await suspensions()).toEqual([])
  })

  test('a second time says that it already is, and resuming what is not says that too', async () => {
    const { cookie, csrf } = await rooms.signIn('operator')
    const form = { csrf, reden: 'Onderzoek', bevestigd: 'ja' }
    const early = await rooms.post(`${AT}/hervatten`, form, cookie)
    expect([early.status, early.html.includes('is niet opgeschort')]).toEqual([409, true])
    await rooms.post(`${AT}/opschorten`, form, cookie)
    const again = await rooms.post(`${AT}/opschorten`, form, cookie)
    expect([again.status, again.html.includes('is al opgeschort')]).toEqual([409, true])
    expect(await suspensions()).toHaveLength(1)
  })

  test('a suspension in the file is shown, and ended there', async () => {
    const { cookie, csrf } = await rooms.signIn('operator')
    const inFile = '/protocollen/wm-vdab-de-noorderkempen'
    const { html } = await rooms.get(inFile, cookie)
    expect(html).toContain('U beëindigt ze daar.')
    expect(html).not.toContain('/hervatten"')
    const form = { csrf, reden: 'Opgelost', bevestigd: 'ja' }
    expect((await rooms.post(`${inFile}/hervatten`, form, cookie)).status).toBe(409)
  })

  test.each(['auditor', 'viewer'] as const)('a %s sees no form and may not', async role => {
    const { cookie, csrf } = await rooms.signIn(role)
    expect((await rooms.get(AT, cookie)).html).not.toContain('/opschorten"')
    const form = { csrf, reden: 'Onderzoek', bevestigd: 'ja' }
    expect((await rooms.post(`${AT}/opschorten`, form, cookie)).status).toBe(403)
    expect(await suspensions()).toEqual([])
  })

  test('a form without its token does nothing; an unknown protocol is not found', async () => {
    const { cookie, csrf } = await rooms.signIn('operator')
    const form = { reden: 'Onderzoek', bevestigd: 'ja' }
    for (const token of ['', 'x'.repeat(43)]) {
      const answer = await rooms.post(`${AT}/opschorten`, { ...form, csrf: token }, cookie)
      expect(answer.status).toBe(403)
    }
    const unknown = await rooms.post('/protocollen/none/opschorten', { ...form, csrf }, cookie)
    expect(unknown.status).toBe(404)
    expect(await suspensions()).toEqual([])
  })
})

describe('what is found in a document is shown by its weight', () => {
  const withFindings = (...severities: ('refused' | 'incomplete' | 'warning')[]): ProtocolSet => {
    const set = sampleProtocols()
    const protocol = set.protocols.get(ID)!
    const findings = severities.map(severity => ({
      ...{ severity, protocol: ID, folder: ID, code: `code-${severity}`, path: `at-${severity}` },
      ...{ text: `text ${severity}`, source: 'test' },
    }))
    return { ...set, protocols: new Map([...set.protocols, [ID, { ...protocol, findings }]]) }
  }

  async function pageOf(protocols: ProtocolSet): Promise<string> {
    const other = await openRooms({ protocols })
    try {
      const { cookie } = await other.signIn()
      return (await other.get(AT, cookie)).html
    } finally {
      await other.close()
    }
  }

  test('a warning leaves the document in force, and says so', async () => {
    const html = await pageOf(withFindings('warning'))
    expect(html).toContain('Dit protocol is in werking.')
    expect(html).toContain('Aandachtspunten')
    expect(html).toContain('Het document werkt.')
    expect(html).not.toContain('Fouten in het document')
  })

  test('a refused one does not, and each weight has a table of its own', async () => {
    const html = await pageOf(withFindings('refused', 'incomplete', 'warning'))
    expect(html).toContain('Dit protocol is niet in werking.')
    const places = [
      'Fouten in',
      'at-refused',
      'Wat nog',
      'at-incomplete',
      'Aandachtspunten',
      'at-warning',
    ]
    const found = places.map(text => html.indexOf(text))
    expect(found).toEqual(found.toSorted((a, b) => a - b))
    expect(found).not.toContain(-1)
  })
})

test('under a suspended framework its accessions are shown as suspended too', async () => {
  const { cookie, csrf } = await rooms.signIn('operator')
  const set = sampleProtocols()
  const framework = set.protocols.get('wm-vdab')!
  const suspended = {
    ...framework,
    record: {
      ...framework.record,
      suspensions: [{ from: '2026-03-01T00:00:00.000Z', until: null, by: 'vdab', reason: 'Lek' }],
    },
  }
  const protocols = new Map([...set.protocols, ['wm-vdab', suspended as typeof framework]])
  const other = await openRooms({ protocols: { ...set, protocols } })
  try {
    const session = await other.signIn('operator')
    const list = (await other.get('/protocollen', session.cookie)).html
    expect(list.match(/badge warn">opgeschort/g)).toHaveLength(3)
    expect(list).toContain('Het kaderprotocol is opgeschort.')
  } finally {
    await other.close()
  }
  expect((await rooms.get('', cookie)).html).not.toContain('protocol wm-vdab is opgeschort')
  expect(csrf).toHaveLength(43)
})

describeInChromium('suspending in Chromium, without scripts', () => {
  test.each([390, 1280])('at %i pixels: every step, readable and in its place', async width => {
    const browser = await openBrowser()
    try {
      const window = await openWindow(browser, width, { javaScript: false })
      const page = await window.newPage()
      await signInByHand(page, rooms.url, await rooms.link('operator'))
      const look = async (name: string) => {
        await keepShot(page, `opschorten-${name}-${width}`)
        expect(await contentWidth(page)).toBe(width)
      }
      await page.goto(`${rooms.url}${AT}`)
      await look('1-formulier')
      await page.getByLabel('Reden').fill('Onderzoek van een mogelijk datalek bij de verzender.')
      await page.getByRole('button', { name: 'Opschorten…' }).click()
      await page.getByRole('heading', { name: '14 berichten worden vastgehouden' }).waitFor()
      await look('2-bevestigen')
      await page.getByRole('button', { name: 'Ja, schort op' }).click()
      await page.getByRole('heading', { level: 1, name: 'Het protocol is opgeschort.' }).waitFor()
      await look('3-gedaan')
      await page.getByRole('link', { name: 'Terug naar het protocol' }).click()
      await page.getByRole('button', { name: 'Hervatten…' }).waitFor()
      await look('4-opgeschort')
      await window.close()
    } finally {
      await browser.close()
    }
  })

  test('no step has a serious finding of axe', async () => {
    const browser = await openBrowser()
    try {
      const window = await openWindow(browser, 390)
      const page = await window.newPage()
      await signInByHand(page, rooms.url, await rooms.link('operator'))
      for (const confirmed of [false, true]) {
        await page.goto(`${rooms.url}${AT}`)
        expect(await seriousFindings(page)).toEqual([])
        await page.getByLabel('Reden').fill('Onderzoek')
        await page.getByRole('button', { name: 'Opschorten…' }).click()
        expect(await seriousFindings(page)).toEqual([])
        if (!confirmed) continue
        await page.getByRole('button', { name: 'Ja, schort op' }).click()
        expect(await seriousFindings(page)).toEqual([])
        await page.goto(`${rooms.url}${AT}`)
        expect(await seriousFindings(page)).toEqual([])
      }
      await window.close()
    } finally {
      await browser.close()
    }
  })
})
