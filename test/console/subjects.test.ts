import { ConsoleSessions } from '../../src/access/session.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { subjectTagOf } from '../../src/pseudonym/subject-tag.ts'
import { syntheticNumber } from '../support/people.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addMessage, addParties, ago, PROTOCOL } from './seed.ts'

const NUMBER = syntheticNumber(7)
const QUESTION = 'De persoon vraagt wat er gedeeld is.'
let rooms: Rooms

beforeAll(async () => {
  rooms = await openRooms({ fourEyes: ['subject-erase'] })
  const { pool } = rooms.database
  await addParties(pool)
  await rooms.deps.domains.ensureSubjectKey()
  const tag = await subjectTagOf(rooms.deps.evaluator as never, NUMBER)
  // The seeded domain has no key.
  await pool.query('DELETE FROM domain')
  const type = 'tenancy.ended'
  const fields = ['tenantRef', 'endedOn']
  const digest = rooms.deps.protocols.current().protocols.get('wm-vdab')?.digest ?? ''
  const protocol = { ...PROTOCOL, digest }
  const sent = { at: ago(300), type, party: 'woonboog', accepted: 1, fields, protocol }
  const id = await addMessage(pool, sent)
  const actor = { role: 'housing-company', party: 'woonboog' }
  const message = { id, type }
  const seen = { message, protocol, purpose: 'detection', decision: 'allowed' as const }
  const subjects = [tag]
  await recordEntries(pool, [
    { action: 'message.accepted', at: ago(300), actor, ...seen, fields, subjects },
    {
      ...{ action: 'message.delivered', at: ago(299), actor: { role: 'gateway' }, ...seen },
      recipient: 'vdab',
    },
  ])
  await rooms.sequence()
})
afterAll(() => rooms?.close())

let next = 1

/** Registers a request and gives its address. */
async function registered(changes: Record<string, string> = {}) {
  const { cookie, csrf } = await rooms.signIn()
  const form = {
    ...{ csrf, kenmerk: `2026-${next++}`, recht: 'access', ontvangen: '2026-03-01' },
    ...{ vraag: QUESTION, ...changes },
  }
  const { status, html } = await rooms.post('/inzage', form, cookie)
  const path = /action="\/console(\/inzage\/req_\w+)\/uitvoeren"/.exec(html)?.[1] ?? ''
  const act = (sent: Record<string, string>, as = cookie, token = csrf) =>
    rooms.post(`${path}/uitvoeren`, { csrf: token, ...sent }, as)
  return { cookie, csrf, status, html, path, form, act }
}

const entries = async (action: string) => {
  const { rows } = await rooms.database.pool.query(
    `SELECT e.entry, d.details FROM (
       SELECT entry_id, entry, action FROM audit_entry
       UNION ALL SELECT entry_id, entry, action FROM audit_pending) e
     LEFT JOIN audit_detail d USING (entry_id) WHERE e.action = $1`,
    [action],
  )
  return rows.map(row => ({ ...JSON.parse(row.entry.toString()), kept: row.details }))
}

describe('a request of a person', () => {
  test('is registered by its case number, with one month to answer, and an entry that names nobody', async () => {
    const { status, html, cookie, form } = await registered({ ontvangen: '2026-01-31' })
    expect(status).toBe(200)
    // The last day of February; ten days ago.
    expect(html).toContain('28 februari 2026')
    expect(html).toContain('10 dagen te laat')
    const list = await rooms.get('/inzage', cookie)
    expect(list.html).toContain(`>${form.kenmerk}</a>`)
    const found = (await entries('subject.requested')).find(it => it.kept.includes(form.kenmerk))
    expect(found).toMatchObject({ reason: 'access', actor: { role: 'privacy-officer' } })
    expect(found.subjects).toBeUndefined()
  })

  test.each([
    ['kenmerk', 'Jan & Mie', 400, 'Geef een kenmerk'],
    ['kenmerk', NUMBER, 400, 'Geef een kenmerk'],
    ['recht', 'onzin', 400, 'Kies een van de rechten'],
    ['ontvangen', '2026-02-30', 400, 'Geef een bestaande datum'],
    ['ontvangen', '2026-03-11', 400, 'Geef een bestaande datum'],
    ['ontvangen', '1066-10-14', 400, 'Geef een bestaande datum'],
    ['vraag', `over ${NUMBER}`, 400, 'Geef 1 tot 430 tekens'],
    ['vraag', '', 400, 'Geef 1 tot 430 tekens'],
  ])(
    'with a %s of %j is refused, keeps the rest and shows no number',
    async (field, value, status, said) => {
      const { status: given, html, form } = await registered({ [field]: value })
      expect(given).toBe(status)
      expect(html).toContain(said)
      expect(html).not.toContain(NUMBER)
      if (field !== 'vraag') expect(html).toContain(QUESTION)
      if (field !== 'kenmerk') expect(html).toContain(`value="${form.kenmerk}"`)
    },
  )

  test('is there once for each case number, and markup in it is text', async () => {
    const first = await registered({ vraag: '<script>alert(1)</script> вопрос 質問' })
    expect(first.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; вопрос 質問')
    const again = await registered({ kenmerk: first.form.kenmerk })
    expect(again.status).toBe(409)
    expect(again.html).toContain('Dit kenmerk bestaat al')
  })

  test('shows who got what, when, why and on which ground; the number is nowhere', async () => {
    const { act } = await registered()
    const { status, html } = await act({ wat: 'tonen', insz: NUMBER })
    expect(status).toBe(200)
    const rows = html.match(/<tr role="row">\n<td[\s\S]*?<\/tr>/g) ?? []
    expect(rows[0]).toContain('VDAB')
    for (const text of [
      'ondernemingsnummer',
      'artikel 6, lid 1, e, AVG',
      'wm-vdab',
      '/console/auditlog/',
    ])
      expect(html).toContain(text)
    expect(html).not.toContain(NUMBER)
    const searched = await entries('subject.searched')
    expect(searched.at(-1)).toMatchObject({ subjects: { count: 1 } })
    expect(searched.at(-1).kept).toContain('AVG, art. 15')
  })

  test('gives the same as a PDF', async () => {
    const { path, cookie, csrf, form } = await registered()
    const response = await fetch(`${rooms.url}${path}/uitvoeren`, {
      method: 'POST',
      body: new URLSearchParams({ csrf, wat: 'pdf', insz: NUMBER }),
      headers: { cookie },
    })
    expect(response.headers.get('content-type')).toBe('application/pdf')
    expect(response.headers.get('content-disposition')).toContain(`inzage-${form.kenmerk}.pdf`)
    expect(
      Buffer.from(await response.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')
  })

  test.each([
    [{ wat: 'tonen', insz: '12345678901' }, 400, 'geen geldig rijksregisternummer'],
    [{ wat: 'beperken', insz: '' }, 400, 'geen geldig rijksregisternummer'],
    [{ wat: 'tonen', insz: NUMBER, van: '2026-02-30' }, 400, 'geen bestaande datum'],
    [{ wat: 'tonen', insz: NUMBER, van: '2026-03-09', tot: '2026-03-01' }, 400, 'Draai ze om'],
    [{ wat: 'opheffen', insz: NUMBER }, 409, 'HB-424|geen beperking|niet beperkt'],
  ])('what cannot be done is said, and done not: %j', async (sent, status, said) => {
    const { act } = await registered()
    const { status: given, html } = await act(sent)
    expect(given).toBe(status)
    expect(html).toMatch(new RegExp(said))
    expect(html).not.toContain(NUMBER)
  })

  test('a restriction first says what it will do, and is done for the same person only', async () => {
    const { act } = await registered({
      recht: 'objection',
      vraag: 'Bezwaar tegen de uitwisseling.',
    })
    const shown = await act({ wat: 'beperken', insz: NUMBER })
    expect(shown.html).toContain('Beperken: bent u zeker?')
    expect(shown.html).not.toContain(NUMBER)
    expect(await entries('subject.restricted')).toEqual([])
    const zegel = /name="zegel" value="([^"]+)"/.exec(shown.html)?.[1] ?? ''
    const other = await act({ wat: 'beperken', insz: syntheticNumber(8), zegel })
    expect(other.status).toBe(409)
    expect(other.html).toContain('een ander nummer')
    const done = await act({ wat: 'beperken', insz: NUMBER, zegel })
    expect(done.html).toContain('De verwerking is beperkt.')
    const [restricted] = await entries('subject.restricted')
    expect(restricted.kept).toContain('AVG, art. 21')
    const twice = await act({ wat: 'beperken', insz: NUMBER, zegel })
    expect(twice.status).toBe(409)
  })

  test('an erasure waits for a second person, and is done once approved; then it says what remains', async () => {
    const { act, path, cookie } = await registered({ recht: 'erasure', vraag: 'Wis alles.' })
    const shown = await act({ wat: 'wissen', insz: NUMBER })
    expect(shown.html).toContain('Wat blijft')
    const zegel = /name="zegel" value="([^"]+)"/.exec(shown.html)?.[1] ?? ''
    const waits = await act({ wat: 'wissen', insz: NUMBER, zegel })
    expect(waits.html).toContain('Dit mag alleen met vier ogen')
    expect((await rooms.get(path, cookie)).html).toContain('Wacht op een tweede persoon')
    const second = await rooms.signIn()
    const { rows } = await rooms.database.pool.query('SELECT id FROM approval')
    const form = { csrf: second.csrf, vraag: rows[0].id, wat: 'goedkeuren' }
    await rooms.post('/goedkeuringen', form, second.cookie)
    expect((await rooms.get(path, cookie)).html).toContain('Goedgekeurd door een tweede persoon')
    const done = await act({ wat: 'wissen', insz: NUMBER, zegel })
    expect(done.html).toContain('De gegevens zijn gewist.')
    expect(done.html).toContain('de beperking van de verwerking')
    expect((await entries('subject.erased')).length).toBe(1)
  })

  test('is extended once, within the first month, and closed once', async () => {
    const { path, cookie, csrf } = await registered()
    const post = (step: string, form: object) =>
      rooms.post(`${path}/${step}`, { csrf, ...form }, cookie)
    expect((await post('verlengen', { reden: `${NUMBER}` })).status).toBe(400)
    const extended = await post('verlengen', { reden: 'Veel vragen tegelijk.' })
    expect(extended.html).toContain('1 juni 2026')
    expect((await post('verlengen', { reden: 'Nog eens.' })).html).toContain('maar één keer')
    expect((await post('afsluiten', { uitkomst: 'onzin' })).status).toBe(400)
    expect((await post('afsluiten', { uitkomst: 'granted' })).html).toContain('is afgesloten')
    expect((await post('afsluiten', { uitkomst: 'refused' })).status).toBe(409)
    const [extension] = await entries('subject.extended')
    expect(extension).toMatchObject({
      reason: 'access',
      kept: expect.stringContaining('2026-06-01'),
    })
    expect((await entries('subject.answered'))[0]).toMatchObject({ rule: 'GDPR, art. 12(3)' })
    const late = await registered({ ontvangen: '2026-01-10' })
    const refused = { csrf: late.csrf, reden: 'Te laat.' }
    const { html } = await rooms.post(`${late.path}/verlengen`, refused, late.cookie)
    expect(html).toContain('De termijn is voorbij')
  })

  test('a session that ends in the middle of a form loses nothing but the national number', async () => {
    const { form } = await registered()
    const sent = { ...form, kenmerk: 'halverwege', vraag: `"Wie" & <wat>?` }
    const ended = await rooms.post('/inzage', { ...sent, insz: NUMBER })
    expect(ended.status).toBe(401)
    expect(ended.html).not.toContain(NUMBER)
    const kept = Object.fromEntries(
      [...ended.html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(
        ([, name, value]) => [
          name,
          value
            ?.replaceAll('&quot;', '"')
            .replaceAll('&lt;', '<')
            .replaceAll('&gt;', '>')
            .replaceAll('&amp;', '&'),
        ],
      ),
    ) as Record<string, string>
    expect(kept).toMatchObject({ kenmerk: 'halverwege', vraag: sent.vraag })
    const { cookie } = await rooms.signIn()
    const again = await rooms.post('/inzage', kept, cookie)
    expect(again.html).toContain('Uw sessie was voorbij')
    expect(again.html).toContain('value="halverwege"')
    const { rows } = await rooms.database.pool.query(
      "SELECT FROM subject_request WHERE case_ref = 'halverwege'",
    )
    expect(rows).toEqual([])
  })

  test('of one party is seen by its officer, and no other; what the officer sees is of the party', async () => {
    const { pool } = rooms.database
    const sessions = new ConsoleSessions({ pool, now: rooms.deps.clock })
    const link = await sessions.makeLink('privacy-officer', 'leefgoed')
    const opened = await sessions.openSession(link)
    const officer = `huisbrug-sessie=${opened.cookie}`
    const other = await registered({ kenmerk: 'van-allen' })
    expect((await rooms.get(other.path, officer)).status).toBe(404)
    const form = { kenmerk: 'van-allen', recht: 'erasure', ontvangen: '2026-03-02', vraag: 'Wis.' }
    const made = await rooms.post('/inzage', { csrf: opened.csrf, ...form }, officer)
    // The same case number of another party is another case.
    expect(made.status).toBe(200)
    expect(made.html).toContain('Toon wat er gedeeld is')
    expect(made.html).not.toContain('Wissen…')
    expect((await rooms.get('/inzage', officer)).html.match(/>van-allen<\/a>/g)).toHaveLength(1)
    const path = /action="\/console(\/inzage\/req_\w+)\/uitvoeren"/.exec(made.html)?.[1] ?? ''
    const act = (wat: string) =>
      rooms.post(`${path}/uitvoeren`, { csrf: opened.csrf, wat, insz: NUMBER }, officer)
    expect((await act('wissen')).status).toBe(403)
    const shown = await act('tonen')
    expect(shown.status).toBe(200)
    expect(shown.html).not.toContain('VDAB')
  })

  test('is for the privacy officer alone', async () => {
    const { path } = await registered()
    for (const role of ['auditor', 'operator', 'viewer'] as const) {
      const { cookie } = await rooms.signIn(role)
      for (const address of ['/inzage', path])
        expect([role, (await rooms.get(address, cookie)).status]).toEqual([role, 403])
    }
  })
})
