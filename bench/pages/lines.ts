import type { Pool } from '../../src/db/pool.ts'
import { CODES, COMPANIES, FORMER_PARTY, RARE_PARTY } from '../audit-query/fill.ts'

/** What there is to ask for, of one person: drawn anew each time. */
export interface World {
  /** A message, an entry, a parked message, an exception and a request of a person that this person may see. */
  message(): string
  entry(): string
  parked(): string
  exception(): string
  request(): string
  /** A housing company; of the officer of one party that party. */
  company(): string
  /** A day of the log, YYYY-MM-DD. */
  day(): string
}

/** Addresses below /console by what they ask, `POST ` before one that only looks. */
export type Asked = (world: World) => Record<string, string>

const PERIODS = ['24u', '7', '30', '365']
const CHARTS = ['volume', 'outcome', 'latency', 'closing']

const draw = (below: number) => Math.floor(Math.random() * below)
const of =
  (path: string): Asked =>
  () => ({ '': path })
const protocolOf = (world: World) => `/protocollen/wm-vdab-${world.company()}`
const code = () => `HB-${300 + draw(CODES)}`

/** Pages that are not measured, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  '/auditlog/live': 'goes on until it is closed',
  '/berichten/:id/bundel':
    'asks for a receipt that was really given; it reads what the journey and the proof read',
}

/** What is asked of each page, by its path in the table of pages; forms that change something are not sent. */
export const LINES: Readonly<Record<string, Asked>> = {
  '/': () => Object.fromEntries(PERIODS.map(period => [period, `/?periode=${period}`])),
  '/cijfers': () =>
    Object.fromEntries(
      CHARTS.map(chart => [chart, `/cijfers?grafiek=${chart}&periode=${PERIODS[draw(4)]}`]),
    ),
  '/terugkoppeling': world => ({
    '': '/terugkoppeling',
    days: `/terugkoppeling?van=${world.day()}`,
  }),
  '/uitzonderingen': world => ({
    '': '/uitzonderingen',
    unseen: '/uitzonderingen?toestand=unseen',
    running: '/uitzonderingen?toestand=running',
    over: '/uitzonderingen?toestand=over',
    kind: '/uitzonderingen?soort=quota-burst',
    'kind that never was': '/uitzonderingen?soort=probe-late',
    party: `/uitzonderingen?partij=${world.company()}`,
    deep: `/uitzonderingen?voor=${1 + draw(100_000)}`,
  }),
  '/uitzonderingen/:id': world => ({ '': `/uitzonderingen/${world.exception()}` }),
  '/integriteit': of('/integriteit'),
  '/partijen': of('/partijen'),
  '/partijen/:id': world => ({
    company: `/partijen/${world.company()}`,
    vdab: '/partijen/vdab',
  }),
  '/systeem': of('/systeem'),
  '/aandacht': of('/aandacht'),
  '/berichten': world => ({
    '': '/berichten',
    deep: `/berichten?voor=${world.message()}`,
    id: `/berichten?bericht=${world.message()}`,
    'part of an id': `/berichten?bericht=${world.message().slice(0, 12)}`,
    days: `/berichten?van=${world.day()}`,
    'one day': `/berichten?${oneDay(world)}`,
    party: `/berichten?partij=${world.company()}`,
    'a party that sends nothing': `/berichten?partij=${RARE_PARTY}`,
    type: '/berichten?soort=feedback.reachability',
    'a type that never was': '/berichten?soort=steps.counts',
    code: `/berichten?code=HB-${300 + draw(20)}`,
    'a code that never was': '/berichten?code=HB-399',
    protocol: '/berichten?protocol=wm-vdab',
    'a protocol without messages': `/berichten?protocol=wm-vdab-${world.company()}`,
    ...states(''),
    ...states(`&partij=${world.company()}`, ', party'),
    ...states('&partij=vdab', ', vdab'),
    ...states(`&${oneDay(world)}`, ', one day'),
    ...states(`&voor=${world.message()}`, ', deep'),
    ...states('&soort=detection.answer', ', type'),
  }),
  '/berichten/:id': world => ({ '': `/berichten/${world.message()}` }),
  '/berichten/:id/ontvangstbewijs': world => ({
    '': `/berichten/${world.message()}/ontvangstbewijs`,
  }),
  '/berichten/:id/bewijs': world => ({ '': `/berichten/${world.message()}/bewijs` }),
  '/berichten/:id/geparkeerd': world => ({ '': `/berichten/${world.parked()}/geparkeerd` }),
  '/auditlog': world => ({
    '': '/auditlog',
    follow: '/auditlog?volg=ja',
    until: `/auditlog?tot=${world.day()}`,
    'one day': `/auditlog?${oneDay(world)}`,
    party: `/auditlog?partij=${world.company()}`,
    'a rare party': `/auditlog?partij=${RARE_PARTY}`,
    'a party of long ago': `/auditlog?partij=${FORMER_PARTY}`,
    recipient: `/auditlog?ontvanger=${world.company()}`,
    protocol: `/auditlog?protocol=wm-vdab-${world.company()}`,
    refused: '/auditlog?uitkomst=refused',
    code: `/auditlog?code=${code()}`,
    'party, code': `/auditlog?partij=${world.company()}&code=${code()}`,
    message: `/auditlog?bericht=${world.message()}`,
    'action, until': `/auditlog?handeling=message.retrying&tot=${world.day()}`,
    'an action that never was': '/auditlog?handeling=subject.erased',
    'role, until': `/auditlog?wie=privacy-officer&tot=${world.day()}`,
  }),
  '/auditlog/:index': world => ({ '': `/auditlog/${world.entry()}` }),
  'POST /auditlog/:index/controle': world => ({ '': `POST /auditlog/${world.entry()}/controle` }),
  '/auditlog/:index/regel': world => ({ '': `/auditlog/${world.entry()}/regel` }),
  '/auditlog/:index/bewijs': world => ({ '': `/auditlog/${world.entry()}/bewijs` }),
  '/controle': of('/controle'),
  '/protocollen': of('/protocollen'),
  '/protocollen/:id': world => ({
    framework: '/protocollen/wm-vdab',
    accession: protocolOf(world),
  }),
  '/protocollen/:id/verschillen': world => ({ '': `${protocolOf(world)}/verschillen` }),
  // Drawn once a day and then kept, whatever there is in the system: the same one each time.
  '/protocollen/:id/pdf': of('/protocollen/wm-vdab/pdf'),
  '/protocollen/:id/opschorten': world => ({
    framework: '/protocollen/wm-vdab/opschorten',
    accession: `${protocolOf(world)}/opschorten`,
  }),
  '/inzage': of('/inzage'),
  '/inzage/:id': world => ({ '': `/inzage/${world.request()}` }),
  '/rapporten': of('/rapporten'),
  '/rapporten/bijlage-1/invullen': of('/rapporten/bijlage-1/invullen'),
  '/rapporten/:soort': world => ({
    annex: `/rapporten/bijlage-1?partij=${world.company()}&${year()}`,
    evaluation: `/rapporten/evaluatie?partij=${world.company()}&soort=tussentijds&${year()}`,
    dashboard: `/rapporten/dashboard?partij=${world.company()}&kwartaal=${quarter()}`,
    register: '/rapporten/verwerkingsregister',
    breach: `/rapporten/inbreuk?${oneDay(world)}`,
  }),
  '/pseudoniemen': of('/pseudoniemen'),
  '/goedkeuringen': of('/goedkeuringen'),
  '/aangemeld': of('/aangemeld'),
}

const STATES = [
  'refused',
  'parked',
  'held',
  'collecting',
  'underway',
  'awaiting',
  'answered',
  'expired',
  'withdrawn',
  'delivered',
]

function states(more: string, name = ''): Record<string, string> {
  return Object.fromEntries(
    STATES.map(state => [`${state}${name}`, `/berichten?toestand=${state}${more}`]),
  )
}

function oneDay(world: World): string {
  const day = world.day()
  return `van=${day}&tot=${day}`
}

function year(): string {
  const now = new Date()
  const from = new Date(now.getTime() - 360 * 86_400_000)
  return `van=${from.toISOString().slice(0, 10)}&tot=${now.toISOString().slice(0, 10)}`
}

/** The quarter before this one, YYYY-Qn. */
function quarter(): string {
  const now = new Date()
  const ended = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 3, 1))
  return `${ended.getUTCFullYear()}-Q${Math.floor(ended.getUTCMonth() / 3) + 1}`
}

const SAMPLE = 2_000

/** What a person may ask for out of a database, by samples that are taken once. */
export async function readWorld(pool: Pool, party: string | undefined): Promise<World> {
  const pick = async (statement: string) => {
    const { rows } = await pool.query<{ id: string }>(statement, [party ?? null])
    const ids = rows.map(({ id }) => String(id))
    return () => ids[draw(ids.length)] ?? '0'
  }
  const days =
    await pick(`SELECT to_char(generate_series(min(at), max(at), '1 day'), 'YYYY-MM-DD') AS id
    FROM audit_entry WHERE $1::text IS NULL OR true`)
  const isCompany = party?.startsWith('company-')
  return {
    day: days,
    company: () => (isCompany && party ? party : `company-${draw(COMPANIES)}`),
    message: await pick(
      sampleOf('message', "party_id = $1 OR ($1 = 'vdab' AND type = 'detection.request')"),
    ),
    entry: await pick(ENTRIES),
    parked: await pick(`SELECT DISTINCT h.message_id AS id FROM hand_over h
      WHERE h.state = 'parked' AND ($1::text IS NULL OR h.destination = $1)`),
    exception: await pick(`SELECT id FROM exception WHERE $1::text IS NULL OR
      (parties = ARRAY[$1] AND kind <> 'two-current-routes')`),
    request: await pick('SELECT id FROM subject_request WHERE $1::text IS NULL OR party_id = $1'),
  }
}

function sampleOf(table: string, own: string): string {
  return `SELECT id FROM (SELECT id FROM ${table} WHERE $1::text IS NULL OR ${own}) AS own ORDER BY random() LIMIT ${SAMPLE}`
}

// Of one party some of each kind: what it did, and what went to it.
const ENTRIES = `
  SELECT floor(random() * size)::bigint AS id FROM audit_head, generate_series(1, ${SAMPLE}) WHERE $1::text IS NULL
  UNION ALL SELECT e.index FROM (SELECT kind FROM audit_kind WHERE party = $1 ORDER BY kind LIMIT 40) AS k
    CROSS JOIN LATERAL (
      SELECT index FROM audit_entry a WHERE a.kind = k.kind ORDER BY a.at DESC LIMIT 50) AS e`
