import { unusedOf } from '../../src/console/pages/protocol.ts'
import { protocolLines } from '../../src/console/reads/protocols.ts'
import type { Obstacle } from '../../src/protocol/lifecycle.ts'
import { explainObstacle } from '../../src/protocol/readable/obstacle.ts'
import { openRooms, type Rooms, sampleProtocols } from './rooms.ts'
import { addMessage, addParties, ago, NOW } from './seed.ts'

describe('the protocols in the console', () => {
  let rooms: Rooms
  let cookie: string

  beforeAll(async () => {
    rooms = await openRooms()
    cookie = (await rooms.signIn()).cookie
  })

  afterAll(() => rooms?.close())

  const read = async (path: string) => (await rooms.get(path, cookie)).html

  test('each with its state and, in plain words, why it is not in force', async () => {
    const html = await read('/protocollen')
    const states = [
      ...html.matchAll(
        /<span class="badge (\w+)">([^<]+)<\/span>\s*(?:<span class="note">([^<]*))?/g,
      ),
    ]
    expect(states.map(([, tone, state, why]) => [tone, state, why])).toEqual([
      ['bad', 'niet bruikbaar', 'Het document is niet leesbaar. Het laat niets door.'],
      [
        'neutral',
        'niet in werking',
        'Vlaamse Dienst voor Arbeidsbemiddeling en Beroepsopleiding (VDAB) heeft deze versie niet geldig ondertekend.',
      ],
      ['good', 'in werking', undefined],
      ['good', 'in werking', undefined],
      [
        'warn',
        'opgeschort',
        'Het protocol is opgeschort. Wat onderweg is, wacht. Zolang gaat niets door.',
      ],
    ])
  })

  test('a framework: what may move with why and for how long, messages, modalities, digest, signatures', async () => {
    const html = await read('/protocollen/wm-vdab')
    const protocol = sampleProtocols().protocols.get('wm-vdab')
    for (const text of [
      protocol?.digest ?? 'none',
      'Rijksregisternummer of bisnummer',
      'VDAB krijgt het nummer zelf niet.',
      'enkel in het geheugen, tot het pseudoniem berekend is',
      'Terugkoppeling: moeilijk of niet bereikt',
      'van arbeidsbemiddelaar naar woonmaatschappij',
      'alleen aantallen, nooit per persoon',
      '1.000 per bericht, 20.000 per dag',
      'Opsporen in het klantenbestand',
      'akkoord',
      '0999000129',
    ]) {
      expect(html).toContain(text)
    }
    expect(html.match(/<code>(insz|tenantRef|tenantGround|tag|endedOn)<\/code>/g)).toHaveLength(5)
  })

  test('stand on a board by how far they are, each with all that it still needs', async () => {
    const html = (await read('/protocollen')).replace(/\s+/g, ' ')
    const columns = [...html.matchAll(/<h2 id="stap-([a-z-]+)">/g)].map(([, step]) => step)
    expect(columns).toEqual(['broken', 'advised', 'active', 'suspended'])
    const needs = 'geldige handtekening van Vlaamse Dienst voor Arbeidsbemiddeling'
    expect(html.split(needs)).toHaveLength(2)
    expect(await read('/protocollen/wm-vdab-leefgoed')).toContain(needs)
    expect(await read('/protocollen/wm-vdab-woonboog')).not.toContain('Nog nodig')
  })

  test('what really moved, against what may: volumes, rhythm and fields that nobody used', async () => {
    const { pool } = rooms.database
    await addParties(pool)
    const fields = ['tenantRef', 'endedOn']
    const type = 'tenancy.ended'
    await addMessage(pool, {
      at: ago(60),
      type,
      party: 'woonboog',
      accepted: 3,
      refused: 4,
      fields,
    })
    await pool.query(
      `INSERT INTO volume_use VALUES ('wm-vdab', 'woonboog', $1, '', $2::date, 19000),
         ('wm-vdab', 'leefgoed', $1, '', $2::date, 1000),
         ('wm-vdab', 'woonboog', $1, '', $2::date - 45, 77)`,
      [type, NOW],
    )
    const text = (await read('/protocollen/wm-vdab'))
      .replace(/<[^>]*>|\s+/g, ' ')
      .replace(/ +/g, ' ')
    expect(text).toContain('20.000 7 van hoogstens 1.000 19.000 van hoogstens 20.000')
    expect(text).toContain('dicht bij het maximum op 1 dag, laatst op 10 maart 2026')
    expect(text).toContain('nog nooit')
    const own = await read('/protocollen/wm-vdab-leefgoed')
    expect(own).toContain('1.000 van hoogstens 20.000')
    expect(own).toContain('Wat deze partij in de laatste 30 dagen verstuurde')
  })

  test('a field counts as unused only where its messages were used', () => {
    const { document } = sampleProtocols().protocols.get('wm-vdab') ?? {}
    if (document?.kind !== 'framework') throw new Error('no sample')
    const used = (fields: string[], sampled: number) =>
      unusedOf(document, [{ type: 'tenancy.ended', sampled, fields }]).map(({ field }) => field)
    expect(used([], 0)).toEqual([])
    expect(used(['tenantRef'], 9)).toEqual(['endedOn'])
    expect(used(['tenantRef', 'endedOn'], 9)).toEqual([])
  })

  test('what changed between versions, and a version that does not exist', async () => {
    expect(await read('/protocollen/wm-vdab/verschillen')).toContain('eerste versie')
    const { document } = sampleProtocols().protocols.get('wm-vdab') ?? {}
    const title = '<b>Andere titel</b>'
    const older = { ...document, version: '0.9.0', context: { ...document?.context, title } }
    await rooms.database.pool.query(
      `INSERT INTO protocol_version (id, version, digest, document, state, seen_at)
       VALUES ('wm-vdab', '0.9.0', 'older-digest', $1, 'active', $2)`,
      [JSON.stringify(older), ago(1)],
    )
    const html = await read('/protocollen/wm-vdab/verschillen')
    expect(html).toContain('Van versie 0.9.0 naar versie 1.0.0.')
    expect(html).toContain('&lt;b&gt;Andere titel&lt;/b&gt;')
    const back = await read('/protocollen/wm-vdab/verschillen?van=older-digest&naar=older-digest')
    expect(back).toContain('Er is niets veranderd.')
    const wrong = await rooms.get('/protocollen/wm-vdab/verschillen?van=onzin', cookie)
    expect(wrong.status).toBe(400)
    for (const path of ['verschillen', 'pdf'])
      expect((await rooms.get(`/protocollen/kapot/${path}`, cookie)).status).toBe(404)
  })

  test('a framework lists who acceded, with the state of each', async () => {
    const html = await read('/protocollen/wm-vdab')
    for (const id of ['woonboog', 'leefgoed', 'de-noorderkempen']) {
      expect(html).toContain(`href="/console/protocollen/wm-vdab-${id}"`)
    }
  })

  test('an accession points to its framework for what may move', async () => {
    const html = await read('/protocollen/wm-vdab-woonboog')
    expect(html).toContain('Wat mag bewegen, staat in het kaderprotocol.')
    expect(html).toContain('href="/console/protocollen/wm-vdab"')
    expect(html).toContain('Dit protocol is in werking.')
  })

  test('a document that cannot be read: what is wrong with it, as text', async () => {
    const html = await read('/protocollen/kapot')
    expect(html).toContain('Fouten in het document')
    expect(html).toContain('<code>&lt;b&gt;protocol.json&lt;/b&gt;</code>')
    expect(html).toContain('Dit bestand is geen JSON.')
    expect(html).not.toContain('<b>protocol.json</b>')
  })

  test('a signature over another text says so', async () => {
    const set = sampleProtocols()
    const protocol = set.protocols.get('wm-vdab-woonboog')
    if (!protocol) throw new Error('no sample')
    const changed = { ...protocol, digest: 'another-digest' }
    const other = await openRooms({
      protocols: { ...set, protocols: new Map([...set.protocols, [changed.id, changed]]) },
    })
    try {
      const { cookie: session } = await other.signIn()
      const { html } = await other.get('/protocollen/wm-vdab-woonboog', session)
      expect(html).toContain('nee, voor een andere tekst')
      expect(html).toContain('Woonboog heeft deze versie niet geldig ondertekend.')
    } finally {
      await other.close()
    }
  })
})

describe('why a protocol is not in force', () => {
  const framework = sampleProtocols().protocols.get('wm-vdab')

  test.each<[Obstacle, string]>([
    [{ code: 'HB-303', path: 'legalBasis[mededeling].inForceFrom' }, 'decretale grond'],
    [{ code: 'HB-304', path: 'signatures[vdab]' }, 'heeft deze versie niet geldig ondertekend'],
    [{ code: 'HB-304', path: 'frameworkVersion' }, 'een andere versie van het kaderprotocol'],
    [{ code: 'HB-305', path: 'duration.from' }, 'begint op 1 april 2025'],
    [{ code: 'HB-306', path: 'duration.until' }, 'liep tot en met onbekend'],
    [{ code: 'HB-306', path: 'signatures[vdab]' }, 'heeft de handtekening ingetrokken'],
    [{ code: 'HB-307', path: 'suspensions' }, 'is opgeschort'],
    [{ code: 'HB-317', path: 'dataElements' }, 'bevat 0 fouten'],
    [{ code: 'HB-318', path: 'dpoAdvice[vdab]' }, 'functionaris'],
    [{ code: 'HB-319', path: 'publication[vdab]' }, 'nog niet bekendgemaakt door Vlaamse Dienst'],
    [{ code: 'HB-320', path: 'version' }, 'Twee versies'],
    [{ code: 'HB-901', path: '' }, 'Reden: HB-901.'],
  ])('%j', (obstacle, text) => {
    if (!framework) throw new Error('no sample')
    expect(explainObstacle(obstacle, framework, undefined)).toContain(text)
  })

  test('before the decree and the start every document of the samples is closed', () => {
    const lines = protocolLines(sampleProtocols(), new Date('2020-01-01T00:00:00Z'))
    expect(lines.map(({ state }) => state)).not.toContain('in-force')
    expect(lines.every(({ why }) => why.length > 10)).toBe(true)
    expect(protocolLines(sampleProtocols(), NOW).some(({ state }) => state === 'in-force')).toBe(
      true,
    )
  })
})
