import { randomUUID } from 'node:crypto'
import { Dice } from './dice.ts'
import { type Draft, type FuzzRequest, write } from './draft.ts'
import { samplesOf } from './generate.ts'
import { LIVE } from './live.ts'
import { mutate } from './mutate.ts'
import { OPERATIONS, type Operation } from './operations.ts'
import { ROLES, type World } from './world.ts'

const SAMPLES = 60
// Of all requests: as good as can be, as the schema alone allows, and otherwise changed.
const LIVE_SHARE = 0.42
const SCHEMA_SHARE = 0.1
const REPEATED_SHARE = 0.03
const KEPT = 200
/** What makes the state that other operations are about comes more often, what reads much seldom. */
const WEIGHTS: Record<string, number> = {
  ...{ requestDetection: 2.5, sendMessage: 4, answerDetection: 1.5, sendFeedback: 1.5 },
  ...{ exportEntries: 0.5, eraseSubject: 1.5, restrictSubject: 1, removeWebhook: 0.5 },
  ...{ decideApproval: 0.7, liftRestriction: 0.7 },
}

/** The requests of a run, each a matter of the seed, its number and what is known by then. */
export class Requests {
  readonly #seed: number
  readonly #world: World
  readonly #samples = new Map<string, unknown[]>()
  readonly #wheel: Operation[]
  readonly #sent: FuzzRequest[] = []

  constructor(world: World, seed: number) {
    this.#world = world
    this.#seed = seed
    this.#wheel = OPERATIONS.flatMap(one =>
      Array(Math.round((WEIGHTS[one.id] ?? 1) * 10)).fill(one),
    )
    for (const { id, body, parameters } of OPERATIONS) {
      if (body) this.#samples.set(id, samplesOf(body.schema, SAMPLES, seed))
      for (const { in: place, name, schema } of parameters) {
        this.#samples.set(`${id} ${place} ${name}`, samplesOf(schema, SAMPLES, seed))
      }
    }
  }

  /** Makes the request of that number. */
  make(number: number): FuzzRequest {
    const dice = new Dice(`${this.#seed}:request ${number}`)
    const earlier = dice.oneOf(this.#sent)
    if (earlier && dice.chance(REPEATED_SHARE)) {
      return { ...earlier, number, made: `${earlier.made} repeated` }
    }
    // The first of all are one of each operation.
    const operation = OPERATIONS[number] ?? dice.pick(this.#wheel)
    const kind = dice.bits() / 2 ** 32
    const isSchema = kind < SCHEMA_SHARE && (operation.body || operation.parameters.length > 0)
    const draft = isSchema ? this.#bySchema(operation, dice) : this.#live(operation, dice)
    this.#headers(draft)
    if (kind >= SCHEMA_SHARE + LIVE_SHARE) {
      mutate(draft, dice, {
        roles: ROLES,
        authorizationOf: role => this.#world.authorizationOf(role),
        usedKeys: this.#world.known.keys,
      })
    }
    const request = write(number, draft)
    this.#keep(request)
    return request
  }

  #keep(request: FuzzRequest): void {
    if ((request.body?.length ?? 0) < 50_000) this.#sent[request.number % KEPT] = request
    const key = request.headers['idempotency-key']
    if (key) this.#world.known.keys[request.number % KEPT] = key
  }

  #live(operation: Operation, dice: Dice): Draft {
    const live = LIVE[operation.id]?.(this.#world, dice) ?? {}
    const as = live.as ?? this.#usual(operation, dice)
    return {
      ...{ operation, as, method: operation.method, headers: {}, made: ['live'] },
      ...{ params: live.params ?? {}, query: live.query ?? [], tree: structuredClone(live.body) },
    }
  }

  #bySchema(operation: Operation, dice: Dice): Draft {
    const sample = (name: string) => dice.oneOf(this.#samples.get(name) ?? [])
    const params: Draft['params'] = {}
    const query: Draft['query'] = []
    for (const { in: place, name } of operation.parameters) {
      const value = String(sample(`${operation.id} ${place} ${name}`) ?? '')
      if (place === 'path') params[name] = value
      if (place === 'query' && dice.chance(0.4)) query.push([name, value])
    }
    return {
      ...{ operation, as: this.#usual(operation, dice), method: operation.method, params, query },
      ...{ headers: {}, tree: structuredClone(sample(operation.id)), made: ['schema'] },
    }
  }

  #usual({ scopes, roles }: Operation, dice: Dice): string | undefined {
    if (roles.length > 0) return dice.pick(roles)
    return scopes.length > 0 ? dice.pick(ROLES.slice(0, 5)) : undefined
  }

  #headers(draft: Draft): void {
    const { operation, as, headers } = draft
    if (as) headers['authorization'] = this.#world.authorizationOf(as)
    if (operation.body) headers['content-type'] = operation.body.type
    const isKeyed = operation.parameters.some(one => one.name === 'Idempotency-Key')
    if (isKeyed) headers['idempotency-key'] = randomUUID()
  }
}
