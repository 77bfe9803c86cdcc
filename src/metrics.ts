import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** What the process counts for its operator; no label ever carries an id of a person or message. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Histogram
  readonly #items: Counter
  readonly #handOvers: Counter

  constructor() {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry, prefix: 'huisbrug_' })
    this.#requests = new Histogram({
      name: 'huisbrug_http_request_seconds',
      help: 'Time to answer a request',
      labelNames: ['method', 'path', 'status'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    })
    this.#items = new Counter({
      name: 'huisbrug_items_received_total',
      help: 'Items received, by message type and decision',
      labelNames: ['type', 'decision'],
      registers,
    })
    this.#handOvers = new Counter({
      name: 'huisbrug_hand_overs_total',
      help: 'Tries of hand-overs, by what became of them',
      labelNames: ['state'],
      registers,
    })
  }

  /** Starts timing a request; call the result with the status. `path` is the route's pattern. */
  startRequest(method: string, path: string): (status: number) => void {
    const stop = this.#requests.startTimer({ method, path })
    return status => {
      stop({ status: String(status) })
    }
  }

  received(type: string, accepted: number, refused: number): void {
    this.#items.inc({ type, decision: 'accepted' }, accepted)
    this.#items.inc({ type, decision: 'refused' }, refused)
  }

  handedOver(state: string): void {
    this.#handOvers.inc({ state })
  }

  /** The figures in the Prometheus text format. */
  expose(): Promise<string> {
    return this.#registry.metrics()
  }
}
