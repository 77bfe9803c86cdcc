import { namesOfTypes, typeOptions } from '../../src/console/reads/type-names.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { loadProtocols, type ProtocolSet } from '../../src/protocol/load.ts'
import { SAMPLE_DIR } from '../protocol/sample.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { addMessage, ago, HOSTILE } from './seed.ts'

const QUESTION = 'guidance.question'
const LABEL = 'Vraag wie de begeleiding opneemt'

/** All samples, and a protocol of its own that gives other names to the types of ocmw-vdab. */
function withSecond(label: string): ProtocolSet {
  const set = loadProtocols(SAMPLE_DIR)
  const base = set.protocols.get('ocmw-vdab')
  if (!base) throw new Error('the sample is gone')
  const document = structuredClone(base.document) as Agreement
  document.protocolId = 'tweede'
  for (const one of document.messageTypes) one.label = label
  const second = { ...base, id: 'tweede', folder: 'tweede', document }
  return { ...set, protocols: new Map([...set.protocols, ['tweede', second]]) }
}

describe('the name of a message type', () => {
  test('own words first, then the label in the named protocol, then in any, then the type', () => {
    const nameOf = namesOfTypes(withSecond('Andere vraag'))
    expect(nameOf('detection.request', 'wm-vdab')).toBe('Detectievraag')
    expect(nameOf(QUESTION, 'ocmw-vdab')).toBe(LABEL)
    expect(nameOf(QUESTION, 'tweede')).toBe('Andere vraag')
    expect(nameOf(QUESTION)).toBe(LABEL)
    expect(nameOf(QUESTION, 'weg')).toBe(LABEL)
    expect(nameOf('constructor', 'ocmw-vdab')).toBe('constructor')
  })

  test('a version that does not lead names its types too', () => {
    const set = loadProtocols(SAMPLE_DIR)
    const protocols = new Map(set.protocols)
    protocols.delete('ocmw-vdab')
    expect(namesOfTypes({ ...set, protocols })(QUESTION, 'ocmw-vdab')).toBe(LABEL)
  })

  test('each type can be asked for once; of two with one name each says which', () => {
    const options = typeOptions(withSecond('Detectievraag'))
    const values = options.map(({ value }) => value)
    expect(new Set(values).size).toBe(values.length)
    expect(values).toContain(QUESTION)
    const texts = typeOptions(loadProtocols(SAMPLE_DIR)).map(({ text }) => text)
    expect(texts).toContain(LABEL)
    expect(new Set(texts).size).toBe(texts.length)
  })
})

describe('pages about a type that no word of ours names', () => {
  let rooms: Rooms
  let cookie: string
  let question: string
  let hostile: string

  beforeAll(async () => {
    rooms = await openRooms({ protocols: withSecond(HOSTILE) })
    cookie = (await rooms.signIn()).cookie
    const { pool } = rooms.database
    await pool.query(
      `INSERT INTO party (id, kind, name, kbo, jwks)
       VALUES ('ocmw', 'welfare-office', 'OCMW', '0999000723', '{}')`,
    )
    const seed = { type: QUESTION, party: 'ocmw', accepted: 1 }
    const of = (id: string) => ({ id, version: '1.0.0', digest: 'synthetic' })
    question = await addMessage(pool, { ...seed, at: ago(5), protocol: of('ocmw-vdab') })
    hostile = await addMessage(pool, { ...seed, at: ago(4), protocol: of('tweede') })
    await addMessage(pool, {
      ...seed,
      at: ago(3),
      type: 'guidance.answer',
      protocol: of('ocmw-vdab'),
      inReplyTo: question,
    })
  })

  afterAll(() => rooms?.close())

  test('the list shows the label and filters on it', async () => {
    const { status, html } = await rooms.get(`/berichten?soort=${QUESTION}`, cookie)
    expect(status).toBe(200)
    expect(html).toContain(`>${LABEL}<span class="under code">${question}`)
    expect(html).toContain(`<option value="${QUESTION}" selected>`)
    expect(html).toContain(hostile)
    expect(html).not.toContain('<script>')
    expect(html).not.toContain('>guidance.answer<')
  })

  test('the journey is headed by the label, and so is what came in return', async () => {
    const { html } = await rooms.get(`/berichten/${question}`, cookie)
    expect(html).toContain(`<h1>${LABEL} `)
    expect(html).toContain('<strong>Antwoord: wie de begeleiding opneemt</strong>')
  })

  test('an entry of the audit log names the type by its label', async () => {
    await rooms.get(`/berichten/${question}`, cookie)
    await rooms.sequence()
    const { html } = await rooms.get('/auditlog?actie=console.viewed', cookie)
    const index = /href="\/console\/auditlog\/(\d+)"/.exec(html)?.[1]
    expect((await rooms.get(`/auditlog/${index}`, cookie)).html).toContain(`<dd>${LABEL}`)
  })
})
