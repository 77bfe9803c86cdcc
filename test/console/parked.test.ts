import type { Page } from 'playwright-core'
import { entriesOfMessage } from '../../src/audit/query.ts'
import { closeParked } from '../../src/exchange/parked.ts'
import { syntheticNumber } from '../support/people.ts'
import {
  contentWidth,
  describeInChromium,
  fieldsOutOfPlace,
  keepShot,
  openBrowser,
  openWindow,
  seriousFindings,
  signInByHand,
  WIDTHS,
} from './browser.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addHandOver, addMessage, addParties, ago, NOW } from './seed.ts'

const REASON = 'VDAB herstelde zijn adres.'
let rooms: Rooms

beforeAll(async () => {
  rooms = await openRooms()
  await addParties(rooms.database.pool)
})
afterAll(() => rooms?.close())

/** A request of two tenants that VDAB refused some time ago. */
async function parkedMessage(): Promise<string> {
  const { pool } = rooms.database
  const type = 'detection.request'
  const at = ago(180)
  const id = await addMessage(pool, { at, type, party: 'woonboog', accepted: 2 })
  const seed = { messageId: id, at, to: 'vdab', state: 'parked', items: 2, status: 422 }
  const handOver = await addHandOver(pool, { ...seed, kind: 'request', reason: 'http-422' })
  await pool.query('UPDATE hand_over SET state_since = $2 WHERE id = $1', [handOver, ago(60)])
  for (const one of [1, 2]) {
    await pool.query(
      `INSERT INTO detection_row (message_id, row_id, nonce, ciphertext, tag, subject_tag)
       VALUES ($1, $2, $3, $2, $2, $2)`,
      [id, Buffer.alloc(16, one), Buffer.alloc(12, one)],
    )
  }
  return id
}

const stateOf = async (id: string) => {
  const { rows } = await rooms.database.pool.query(
    'SELECT state FROM hand_over WHERE message_id = $1',
    [id],
  )
  return rows[0]?.state
}

async function decide(
  id: string,
  form: Record<string, string>,
  role: 'privacy-officer' | 'operator' | 'auditor' | 'viewer' = 'privacy-officer',
) {
  const { cookie, csrf } = await rooms.signIn(role)
  return rooms.post(`/berichten/${id}/geparkeerd`, { csrf, reden: REASON, ...form }, cookie)
}

const hidden = (html: string, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

describe('what is parked', () => {
  test('the journey shows it, with a form; the overview with its age and a link', async () => {
    const id = await parkedMessage()
    const { cookie } = await rooms.signIn()
    const { html } = await rooms.get(`/berichten/${id}`, cookie)
    expect(html).toContain(`action="/console/berichten/${id}/geparkeerd"`)
    expect(html).toContain('Hervatten…')
    expect(html).toContain('Afsluiten…')
    const overview = (await rooms.get('', cookie)).html
    expect(overview).toContain(
      `<a href="/console/berichten/${id}#geparkeerd">Detectievraag</a>: 2 items, sinds 1 uur`,
    )
    const operator = await rooms.signIn('operator')
    expect((await rooms.get('', operator.cookie)).html).toContain(
      `href="/console/berichten/${id}/geparkeerd"`,
    )
    expect((await rooms.get(`/berichten/${id}/geparkeerd`, operator.cookie)).html).toContain(
      'de ontvanger antwoordde met HTTP 422',
    )
    const viewer = await rooms.signIn('viewer')
    expect((await rooms.get('', viewer.cookie)).html).not.toContain(id)
    await closeParked(rooms.database.pool, change(id))
  })

  test.each([
    ['hervatten', 'retrying', 'message.resumed', 'Het bericht is hervat.'],
    ['afsluiten', 'withdrawn', 'message.withdrawn', 'Het bericht is afgesloten.'],
  ])('%s: first how many items it is about, then it is done', async (wat, state, action, done) => {
    const id = await parkedMessage()
    const asked = await decide(id, { wat })
    expect(asked.html).toContain('Dit gaat over 2 items in 1 overdracht.')
    expect(asked.html).toContain(REASON)
    expect(await stateOf(id)).toBe('parked')
    const gezien = hidden(asked.html, 'gezien')
    expect(gezien).toBe(ago(60).toISOString())
    const confirmed = await decide(id, { wat, gezien, bevestigd: 'ja' })
    expect(confirmed.html).toContain(done)
    expect(await stateOf(id)).toBe(state)
    await rooms.sequence()
    const entries = await entriesOfMessage(rooms.database.pool, id)
    expect(entries.map(({ entry }) => entry).filter(it => it.action === action)).toMatchObject([
      { actor: { role: 'privacy-officer' }, counts: { items: 2 } },
    ])
  })

  test('the second of two people is told what the first did, and when', async () => {
    const id = await parkedMessage()
    const asked = await decide(id, { wat: 'hervatten' }, 'operator')
    const gezien = hidden(asked.html, 'gezien')
    await closeParked(rooms.database.pool, change(id))
    const late = await decide(id, { wat: 'hervatten', gezien, bevestigd: 'ja' }, 'operator')
    expect(late.status).toBe(409)
    expect(late.html).toMatch(
      /Iemand anders heeft dit al afgesloten\. Er is niets gewijzigd\. Dat gebeurde op \d/,
    )
    expect(await stateOf(id)).toBe('withdrawn')
  })

  test.each(['auditor', 'viewer'] as const)('an %s may not', async role => {
    const id = await parkedMessage()
    expect((await decide(id, { wat: 'afsluiten', bevestigd: 'ja' }, role)).status).toBe(403)
    expect(await stateOf(id)).toBe('parked')
    const { cookie } = await rooms.signIn('auditor')
    expect((await rooms.get(`/berichten/${id}`, cookie)).html).not.toContain('Hervatten…')
    await closeParked(rooms.database.pool, change(id))
  })

  test('without the token of the form nothing happens', async () => {
    const id = await parkedMessage()
    const done = await decide(id, { wat: 'afsluiten', bevestigd: 'ja', csrf: 'x' })
    expect(done.status).toBe(403)
    expect(await stateOf(id)).toBe('parked')
    await closeParked(rooms.database.pool, change(id))
  })

  test('a reason with a national number is refused and not shown again', async () => {
    const id = await parkedMessage()
    const number = syntheticNumber(77_002)
    const refused = await decide(id, { wat: 'afsluiten', reden: `over ${number}` })
    expect(refused.status).toBe(400)
    expect(refused.html).toContain('zonder rijksregisternummer')
    expect(refused.html).not.toContain(number)
    await closeParked(rooms.database.pool, change(id))
  })

  test('an unknown message is not found', async () => {
    expect((await decide('msg_0', { wat: 'afsluiten' })).status).toBe(404)
  })
})

describe('the time in each state of a hand-over, and every try', () => {
  test('are on the journey', async () => {
    const { pool } = rooms.database
    const at = ago(10)
    const type = 'detection.request'
    const id = await addMessage(pool, { at, type, party: 'woonboog', accepted: 1 })
    const handOver = await addHandOver(pool, {
      messageId: id,
      at,
      to: 'vdab',
      kind: 'request',
      state: 'delivered',
      deliveredAt: ago(6),
    })
    const step = (was: string, state: string, seconds: number) =>
      pool.query(
        'INSERT INTO transition (message_id, hand_over_id, was, state, at) VALUES ($1, $2, $3, $4, $5)',
        [id, handOver, was, state, new Date(at.getTime() + seconds * 1000)],
      )
    await step('queued', 'retrying', 0.2)
    await step('retrying', 'delivered', 180.2)
    const attempt = (n: number, seconds: number, outcome: string | null, status: number | null) =>
      pool.query(
        `INSERT INTO attempt (id, hand_over_id, destination, at, outcome, status, milliseconds)
         VALUES ($1, $2, 'vdab', $3, $4, $5, $6)`,
        [
          `att_${n}`,
          handOver,
          new Date(at.getTime() + seconds * 1000),
          outcome,
          status,
          outcome && 120,
        ],
      )
    await attempt(1, 0.1, 'retrying', 503)
    await attempt(2, 60, null, null)
    await attempt(3, 180, 'delivered', 202)
    const { cookie } = await rooms.signIn()
    const { html } = await rooms.get(`/berichten/${id}`, cookie)
    const text = html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
    expect(text).toContain('in de wachtrij 200 ms · wordt opnieuw geprobeerd 3 min. · afgeleverd')
    expect(text).toContain('Een poging om dit af te leveren bij VDAB: HTTP 503, na 120 ms.')
    expect(text).toContain('Een poging om dit af te leveren bij VDAB: nog zonder afloop.')
    expect(text).toContain('Een poging om dit af te leveren bij VDAB: HTTP 202, na 120 ms.')
  })
})

describeInChromium('the pages of what is parked in Chromium', () => {
  test.each(WIDTHS)('form, confirmation and outcome at %i pixels', async width => {
    const browser = await openBrowser()
    const id = await parkedMessage()
    const window = await openWindow(browser, width)
    const page = await window.newPage()
    await signInByHand(page, rooms.url, await rooms.link())
    await page.goto(`${rooms.url}/berichten/${id}`)
    await look(page, `geparkeerd-${width}`, width)
    await page.getByLabel('Reden').fill(REASON)
    await page.getByRole('button', { name: 'Afsluiten…' }).click()
    await look(page, `geparkeerd-vraag-${width}`, width)
    await page.getByRole('button', { name: 'Ja, sluit af' }).click()
    await look(page, `geparkeerd-klaar-${width}`, width)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
      'Het bericht is afgesloten.',
    )
    await page.goto(`${rooms.url}/berichten/${id}/geparkeerd`)
    await look(page, `geparkeerd-leeg-${width}`, width)
    await browser.close()
  })

  async function look(page: Page, name: string, width: number): Promise<void> {
    await keepShot(page, name)
    expect(await seriousFindings(page)).toEqual([])
    expect(await contentWidth(page)).toBe(width)
    expect(await fieldsOutOfPlace(page)).toEqual([])
  }
})

function change(id: string) {
  return { ids: [id], reason: REASON, by: { role: 'operator' }, at: NOW }
}
