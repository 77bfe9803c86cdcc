import { noteVerifier } from '../../src/audit/note.ts'
import { verifyProof } from '../../src/audit/proof-file.ts'
import { queryEntries } from '../../src/audit/query.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { type Region, seedRegion } from './region.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addHandOver, addMessage, ago } from './seed.ts'

describe('the journey of a message', () => {
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

  const read = async (id: string) => textOf((await rooms.get(`/berichten/${id}`, cookie)).html)

  test('an answered request: received, accepted, tried, tried again, delivered, answered', async () => {
    const text = await read(region.answered)
    const steps = [
      'Bericht ontvangen 10 mrt 2026, 10:30:00',
      'Bericht aanvaard 10 mrt 2026, 10:30:00',
      'Bericht gaat weg 10 mrt 2026, 10:30:24 na 24,0 s',
      'Aflevering mislukt, nieuwe poging volgt 10 mrt 2026, 10:30:30 na 6,0 s',
      'Bericht gaat weg 10 mrt 2026, 10:31:54 na 1 min. 24 s',
      'Bericht afgeleverd 10 mrt 2026, 10:32:00 na 6,0 s',
      'Antwoord op een detectievraag 10 mrt 2026, 11:10:00 na 38 min.',
    ]
    expect(steps.map(step => text.includes(step))).toEqual(steps.map(() => true))
    const places = steps.map(step => text.indexOf(step))
    expect(places).toEqual(places.toSorted((left, right) => left - right))
  })

  test('the time in each state', async () => {
    const text = await read(region.answered)
    expect(text).toContain('aanvaard 10 mrt 2026, 10:30:00 30,0 s')
    expect(text).toContain('wordt opnieuw geprobeerd 10 mrt 2026, 10:30:30 1 min. 30 s')
    expect(text).toContain('afgeleverd 10 mrt 2026, 10:32:00 38 min.')
    expect(text).toContain('beantwoord 10 mrt 2026, 11:10:00 eindpunt')
  })

  test('which fields it had, what becomes of each, and the protocol and version that allowed it', async () => {
    const text = await read(region.answered)
    expect(text).toContain('insz Rijksregisternummer of bisnummer (gaat verder als pseudoniem)')
    expect(text).toContain('tenantRef Eigen kenmerk van de huurder (blijft in de gateway)')
    expect(text).toContain('referenceDate Peildatum (gaat verder)')
    expect(text).toContain('wm-vdab, versie 1.0.0')
    expect(text).toContain('Opsporen in het klantenbestand (detection)')
  })

  test('a refused message: the code in words, the rule, and what its sender can do', async () => {
    const text = await read(region.refused)
    expect(text).toContain('geweigerd')
    expect(text).toContain('HB-304 Niet alle partijen hebben het protocol ondertekend.')
    expect(text).toContain('signatures[vdab]')
    expect(text).toContain('Laat alle partijen tekenen.')
    expect(text).toContain('Van dit bericht ging niets verder.')
  })

  test('items that were refused from an accepted message, in words', async () => {
    const text = await read(region.answered)
    expect(text).toContain(
      'Deels geweigerd, met code HB-401. Een rijksregisternummer is niet geldig.',
    )
  })

  test('many hand-overs alike are one step with their number', async () => {
    const text = await read(region.feedback)
    expect(text.match(/Bericht gaat weg/g)).toHaveLength(1)
    expect(text).toContain('6 keer, tot 10 mrt 2026, 13:30:01')
    expect(text).toContain('aangehouden twee woonmaatschappijen hebben deze huurder')
    expect(text).toContain('1 afgesloten · 3 open · 2 opgenomen')
  })

  test('why a hand-over is parked, and for how long the message has been so', async () => {
    const text = await read(region.parked)
    expect(text).toContain('geparkeerd de ontvanger antwoordde met HTTP 422')
    expect(text).toContain('1 uur 59 min. tot nu')
  })

  test('an answer that waits for its period says so, and links to its question', async () => {
    const { html } = await rooms.get(`/berichten/${region.answer}`, cookie)
    expect(textOf(html)).toContain('aangehouden de periode is nog niet afgesloten')
    expect(html).toContain(`href="/console/berichten/${region.answered}"`)
  })

  test('its receipt, as signed and in words', async () => {
    const payload = { decision: 'accepted', entryCommitment: 'synthetic-leaf', iat: 1_773_135_000 }
    const jws = `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`
    const id = await addMessage(rooms.database.pool, {
      at: ago(10),
      type: 'tenancy.ended',
      party: 'woonboog',
      accepted: 1,
      receipt: jws,
    })
    const text = await read(id)
    expect(text).toContain(jws)
    expect(text).toContain('Beslissing aanvaard')
    expect(text).toContain('Ondertekend op 10 mrt 2026, 10:30:00')
    expect(text).toContain('synthetic-leaf')
  })

  test('the promise of its receipt is looked up in the log: kept, or broken', async () => {
    const { pool } = rooms.database
    const make = async (commitment?: string) => {
      const type = 'tenancy.ended'
      const id = await addMessage(pool, { at: ago(9), type, party: 'woonboog', accepted: 1 })
      const [entry] = await recordEntries(pool, [
        {
          action: 'message.accepted',
          at: ago(9),
          actor: { role: 'gateway' },
          message: { id, type },
        },
      ])
      const payload = { decision: 'accepted', entryCommitment: commitment ?? entry?.commitment }
      const jws = `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`
      await pool.query('UPDATE message SET receipt = $2 WHERE id = $1', [id, jws])
      await rooms.sequence()
      return read(id)
    }
    expect(await make()).toContain('staat in de auditlog')
    expect(await make('another-leaf')).toContain('staat niet in de auditlog')
  })

  test('its receipt, its proof and all its evidence are to be had as files', async () => {
    const { pool } = rooms.database
    const type = 'tenancy.ended'
    const id = await addMessage(pool, { at: ago(8), type, party: 'woonboog', accepted: 1 })
    const actor = { role: 'gateway' }
    const message = { id, type }
    const [entry] = await recordEntries(pool, [
      { action: 'message.accepted', at: ago(8), actor, message },
      { action: 'message.delivered', at: ago(7), actor, message, recipient: 'vdab' },
    ])
    const payload = {
      ...{ iss: 'https://gateway.example', sub: 'woonboog', messageId: id, type },
      ...{ decision: 'accepted', protocol: null, protocolDigest: null, iat: 1_773_135_000 },
      entryCommitment: entry?.commitment,
    }
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const jws = `${encode({ alg: 'EdDSA', typ: 'receipt+jwt', kid: 'k' })}.${encode(payload)}.c2ln`
    await pool.query('UPDATE message SET receipt = $2 WHERE id = $1', [id, jws])
    const file = (name: string) => rooms.get(`/berichten/${id}/${name}`, cookie)
    await rooms.sequence()
    const html = (await rooms.get(`/berichten/${id}`, cookie)).html
    for (const name of ['bundel', 'ontvangstbewijs', 'bewijs'])
      expect(html).toContain(`href="/console/berichten/${id}/${name}" download`)
    expect((await file('ontvangstbewijs')).html).toBe(jws)
    await rooms.sequence()
    const bundle = JSON.parse((await file('bundel')).html)
    const key = noteVerifier(String(await rooms.deps.verifierKey()))
    const actions = bundle.entries.map((one: { entry: string; proof: string }) => {
      const bytes = Buffer.from(one.entry, 'base64')
      verifyProof(one.proof, bytes, key)
      return JSON.parse(bytes.toString()).action
    })
    expect(actions.slice(0, 2)).toEqual(['message.accepted', 'message.delivered'])
    expect((await file('bewijs')).html).toBe(bundle.entries[0].proof)
    expect((await rooms.get(`/berichten/${region.refused}/ontvangstbewijs`, cookie)).status).toBe(
      404,
    )
  })

  test('a message whose entries are not in the log yet says so and still shows that it came', async () => {
    const id = await addMessage(rooms.database.pool, {
      at: ago(1),
      type: 'detection.request',
      party: 'woonboog',
      accepted: 1,
    })
    const text = await read(id)
    expect(text).toContain('Bericht ontvangen')
    expect(text).toContain('De regels van dit bericht staan nog niet in de auditlog')
  })

  test('progress on feedback is part of the journey of that feedback', async () => {
    const { pool } = rooms.database
    const id = await addMessage(pool, {
      at: ago(5),
      type: 'feedback.progress',
      party: 'woonboog',
      accepted: 1,
    })
    const handOver = await addHandOver(pool, {
      messageId: id,
      at: ago(5),
      to: null,
      kind: 'register',
      state: 'delivered',
      deliveredAt: ago(5),
    })
    await pool.query(
      `UPDATE hand_over SET feedback_id = (SELECT min(id) FROM feedback WHERE message_id = $2)
       WHERE id = $1`,
      [handOver, region.feedback],
    )
    const text = await read(region.feedback)
    expect(text).toContain('Voortgang van een terugkoppeling 10 mrt 2026, 14:25:00')
    expect(await read(id)).toContain('het register van de gateway')
  })

  test('reading it is one entry of the log for each view, and no step of the journey', async () => {
    const viewed = async () => {
      await rooms.sequence()
      const filter = { action: 'console.viewed', messageId: region.refused } as const
      return (await queryEntries(rooms.database.pool, filter)).items
    }
    const before = (await viewed()).length
    await read(region.refused)
    await read(region.refused)
    const after = await viewed()
    expect(after.length - before).toBe(2)
    expect(after[0]?.entry.message).toEqual({ id: region.refused, type: 'detection.request' })
    expect(await read(region.refused)).not.toContain('Bewijs ingezien')
  })
})

/** The words of a page as a person reads them. */
function textOf(html: string): string {
  return html
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('( ', '(')
}
