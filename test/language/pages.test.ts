import { PAGES } from '../../src/console/pages/index.ts'
import { en } from '../../src/console/texts/en.ts'
import { enWords } from '../../src/console/texts/en-words.ts'
import { nl } from '../../src/console/texts/nl.ts'
import { codes } from '../../src/console/texts/nl-codes.ts'
import { nlWords } from '../../src/console/texts/nl-words.ts'
import { type Region, seedRegion } from '../console/region.ts'
import { openRooms, type Rooms } from '../console/rooms.ts'
import { leavesOf } from './leaves.ts'

const CASE = 'req_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'
const CHOSEN = 'huisbrug-taal=en'
let rooms: Rooms
let region: Region

beforeAll(async () => {
  rooms = await openRooms()
  region = await seedRegion(rooms.database.pool)
  await rooms.sequence()
  await rooms.database.pool.query(
    `INSERT INTO subject_request (id, case_ref, kind, reason, received_on, due_on)
     VALUES ($1, 'ZAAK-1', 'access', 'synthetic', '2026-03-01', '2026-04-01')`,
    [CASE],
  )
})

afterAll(() => rooms?.close())

/** Dutch texts that say something else in English and are long enough not to be there by chance. */
function dutchTexts(): string[] {
  const dutch = leavesOf({ nl, words: nlWords, codes })
  const english = [...leavesOf({ nl: en, words: enWords }).values()].join('\n')
  const data = [...leavesOf(nlWords.types).values()]
  return [...dutch]
    .filter(([place]) => !place.endsWith('()'))
    .map(([, text]) => text)
    .filter(text => text.length > 9 && !english.includes(text) && !data.includes(text))
}

function pathsOf(): string[] {
  const ids = [region.answered, region.refused, region.feedback, region.parked]
  const filled = (path: string): string[] => {
    if (path.startsWith('/berichten/:id')) return ids.map(id => path.replace(':id', id))
    if (path.startsWith('/auditlog/:index')) return ['0', '3'].map(n => path.replace(':index', n))
    if (path.startsWith('/protocollen/:id')) {
      const all = ['wm-vdab', 'wm-vdab-leefgoed', 'wm-vdab-de-noorderkempen', 'kapot']
      return all.map(id => path.replace(':id', id))
    }
    const one = { '/inzage/:id': CASE, '/partijen/:id': 'woonboog', '/uitzonderingen/:id': '1' }[
      path
    ]
    if (one) return [path.replace(':id', one)]
    return path.includes(':') ? [] : [path]
  }
  // Files and a feed are no pages.
  const isPage = ({ method, path }: (typeof PAGES)[number]) =>
    method === 'get' && !/\/(pdf|live|bundel|bewijs|ontvangstbewijs|regel)$/.test(path)
  return PAGES.filter(isPage).flatMap(({ path }) => filled(path))
}

const visible = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')

test('no page in English says a word in Dutch, but what a document or a person wrote', async () => {
  const { cookie } = await rooms.signIn()
  const texts = dutchTexts()
  const found: [string, string][] = []
  let drawn = 0
  for (const path of pathsOf()) {
    const { status, html } = await rooms.get(path, `${cookie}; ${CHOSEN}`)
    // What asks for more in its address says so, in English too.
    expect([path, status < 500]).toEqual([path, true])
    if (!html.startsWith('<!doctype html>')) continue
    drawn += 1
    expect(html).toContain('<html lang="en">')
    const words = visible(html)
    const alone = new Set(words.split('\n').map(text => text.trim()))
    // The label of a document may be one of our own words; a sentence of ours is nobody else's.
    const isHere = (text: string) =>
      text.length > 29 ? words.includes(text) : alone.has(text) && !path.includes('/wm-vdab')
    for (const text of texts) if (isHere(text)) found.push([path, text])
  }
  expect(found).toEqual([])
  expect(drawn).toBeGreaterThan(14)
  expect(texts.length).toBeGreaterThan(500)
})

test('the choice is kept by a cookie and leads to the same page', async () => {
  const { cookie } = await rooms.signIn()
  const path = '/auditlog?code=HB-304'
  const dutch = await rooms.get(path, cookie)
  expect(dutch.html).toContain('<html lang="nl">')
  const link = /href="\/console([^"]*)" lang="en" hreflang="en">English</.exec(dutch.html)?.[1]
  expect(link).toBe('/auditlog?code=HB-304&amp;taal=en')
  const chosen = await rooms.get(`${path}&taal=en`, cookie)
  expect([chosen.status, chosen.headers.get('location')]).toEqual([303, `/console${path}`])
  expect(chosen.headers.get('set-cookie')).toMatch(
    /^huisbrug-taal=en; Max-Age=31536000; Path=\/; .*HttpOnly; SameSite=Lax$/,
  )
  const english = await rooms.get(path, `${cookie}; ${CHOSEN}`)
  expect(english.html).toContain('hreflang="nl">Nederlands<')
  expect(english.html).toContain('Audit log')
})

test.each([
  ['what is no language', '/?taal=fr', 401],
  ['a language twice', '/?taal=en&taal=nl', 401],
])('%s chooses nothing', async (_name, path, status) => {
  const answer = await rooms.get(path)
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([status, null])
  expect(answer.html).toContain('<html lang="nl">')
})

test('a language that a browser likes is no choice, and a cookie with anything else neither', async () => {
  const asked = await fetch(rooms.url, { headers: { 'accept-language': 'en' } })
  expect(await asked.text()).toContain('U bent niet aangemeld')
  const { html } = await rooms.get('', 'huisbrug-taal="><b>')
  expect(html).toContain('U bent niet aangemeld')
})

test('problems, forms that were sent, and signing in and out are in English too', async () => {
  const { cookie, csrf } = await rooms.signIn()
  const both = `${cookie}; ${CHOSEN}`
  const link = await rooms.link()
  const opened = await rooms.get(`/aanmelden?link=${link}`, CHOSEN)
  expect(opened.html).toContain('You opened a one-time link.')
  expect(opened.html).toContain(`/console/aanmelden?link=${link}&amp;taal=nl`)
  const unknown = await rooms.get('/bestaat-niet?x=rare-invoer', both)
  expect(unknown.html).toContain('This page does not exist')
  expect(unknown.html).not.toMatch(/bestaat-niet|rare-invoer/)
  const foreign = await rooms.post('/controle', { csrf: 'x' }, both)
  expect(foreign.html).toContain('The form is not valid')
  const checked = await rooms.post('/controle', { csrf }, both)
  expect(checked.html).toContain('The audit log is')
  expect(checked.html).toContain('href="/console/controle?taal=nl"')
  const refused = await rooms.post(
    '/protocollen/wm-vdab-woonboog/opschorten',
    { csrf, reden: '' },
    both,
  )
  expect(refused.html).toContain('Give a reason of 1 to 500')
  const large = await rooms.post('/controle', { csrf, x: 'x'.repeat(20_000) }, both)
  expect(large.html).toContain('The request cannot be read')
  expect((await rooms.post('/afmelden', { csrf }, both)).html).toContain('You are signed out')
})

test('over https the cookie is bound to the host', async () => {
  const secure = await openRooms({ publicUrl: 'https://huisbrug.example/gateway' })
  try {
    const { headers } = await secure.get('/berichten?taal=en')
    expect(headers.get('set-cookie')).toMatch(/^__Host-huisbrug-taal=en; .*Secure; SameSite=Lax$/)
    expect(headers.get('location')).toBe('/gateway/console/berichten')
    const { html } = await secure.get('', 'huisbrug-taal=en')
    expect(html).toContain('<html lang="nl">')
  } finally {
    await secure.close()
  }
})
