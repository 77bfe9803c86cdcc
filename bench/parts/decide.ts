import { fieldsOf } from '../../src/exchange/permission.ts'
import { compileMessage } from '../../src/protocol/compile.ts'
import { decide } from '../../src/protocol/decide.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { formOf } from '../../src/protocol/forms.ts'
import type { ProtocolSet } from '../../src/protocol/load.ts'
import { narrowSchema } from '../../src/protocol/narrow.ts'
import { createAjv } from '../../src/schemas.ts'
import { IN_FORCE, setInForce } from '../../test/protocol-proof/sets.ts'
import { alternate, type Options, type Part, type Result, summarise } from '../part.ts'

const TYPE = 'detection.request'
const PURPOSE = 'detection'
const TENANTS = 1000
/** Fresh messages a round, for each side. */
const MESSAGES = 20
/** Before the rounds that count: a process that runs has compiled both long since. */
const WARM_ROUNDS = 60

interface Body {
  [member: string]: unknown
  purpose: string
  targetGroup: { id: string; version: string }
  tenants: Record<string, string>[]
}
type Work = (body: Body) => boolean

/**
 * The decision and validation of a message of 1,000 tenants, against ajv alone with the same
 * narrowed schema. National numbers are checked by neither: they are only short texts here.
 */
export const part: Part = { about: `${TENANTS} tenants, decision and validation ÷ ajv alone`, run }

async function run({ rounds, quick, say }: Options) {
  const set = setInForce()
  const product = productOf(set)
  const ajv = ajvAlone(set.protocols.get('wm-vdab')?.document as Agreement)
  const messages = quick ? 2 : MESSAGES
  const warm = quick ? 1 : WARM_ROUNDS
  const results: Result[] = []
  for (const [name, faults, aim] of [
    ['decide', 0, { most: 1.5 }],
    ['decide, 1 % faults', TENANTS / 100, undefined],
  ] as const) {
    assertAlike(faults, product, ajv)
    const side = (work: Work) => () => timed(work, faults, messages)
    const measured = await alternate(rounds, warm, side(product), side(ajv))
    say(`  ${name}: ${rounds} rounds of ${messages} messages`)
    results.push(summarise(name, 'ms a message', measured, aim))
  }
  return results
}

/** Milliseconds for one message. Each message is new, as parsed from what came over the wire. */
function timed(work: Work, faults: number, count: number): number {
  const bodies = Array.from({ length: count }, (_, turn) => parse(messageText(turn, faults)))
  const start = performance.now()
  let fitting = 0
  for (const body of bodies) if (work(body)) fitting += 1
  const elapsed = performance.now() - start
  if (fitting !== (faults ? 0 : count)) throw new Error('a message was judged wrongly')
  return elapsed / count
}

/** What the product does for one message between parsing it and counting its items. */
function productOf(set: ProtocolSet): Work {
  return body => {
    const answer = decide(set, {
      party: 'woonboog',
      partyKind: 'housing-company',
      protocol: 'wm-vdab',
      type: TYPE,
      purpose: body.purpose,
      targetGroup: body.targetGroup,
      fields: fieldsOf(body, body.tenants),
      items: body.tenants.length,
      at: IN_FORCE,
    })
    if (!answer.allow) throw new Error(`refused: ${answer.code}`)
    return compileMessage(answer.document, TYPE)(body).length === 0
  }
}

function ajvAlone(document: Agreement): Work {
  const message = document.messageTypes.find(one => one.type === TYPE)
  if (!message) throw new Error(`no type ${TYPE}`)
  const { $id: _, ...schema } = narrowSchema(document, message, formOf(TYPE), PURPOSE)
  const id = 'https://huisbrug.example/schemas/bench.json'
  const check = createAjv().compile({ ...schema, $id: id })
  return body => check(body) === true
}

/** Both must say the same of the same message, or the comparison means nothing. */
function assertAlike(faults: number, ...works: Work[]): void {
  for (const work of works) {
    if (work(parse(messageText(0, faults))) !== (faults === 0)) throw new Error('they differ')
  }
}

function parse(text: string): Body {
  return JSON.parse(text) as Body
}

function messageText(turn: number, faults: number): string {
  const tenants = Array.from({ length: TENANTS }, (_, index) => ({
    insz: String(turn * TENANTS + index).padStart(11, '0'),
    tenantRef: `WB-${turn}-${index}`,
    tenantGround: isFaulty(index, faults) ? 'art-6.11' : `art-6.1-1-${index % 3 ? 'a' : 'b'}`,
  }))
  return JSON.stringify({
    protocol: 'wm-vdab',
    purpose: PURPOSE,
    nonce: String(turn).padStart(43, 'n'),
    referenceDate: '2026-11-01',
    targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
    tenants,
  })
}

/** Spread evenly over the tenants. */
function isFaulty(index: number, faults: number): boolean {
  return faults > 0 && index % (TENANTS / faults) === 1
}
