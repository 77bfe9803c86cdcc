import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What the process counts for its operator; no label ever carries an id of a person or message. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Histogram
  readonly #items: Counter
  readonly #handOvers: Counter
  readonly #evaluations: Counter
  readonly #quotaLeft: Gauge
  readonly #bursts: Gauge
  readonly #evidence: { seconds: Gauge; stopped: Gauge }
  readonly #sequencer: {
    entries: Counter
    busy: Counter
    lastEntries: Gauge
    lastSeconds: Gauge
    pending: Gauge
  }
  readonly #witnesses: { cosigned: Gauge; alarm: Gauge }
  readonly #replica: { seconds: Gauge; read: Gauge }
  readonly #probes: { success: Gauge; seconds: Gauge; late: Gauge }

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
    this.#evaluations = new Counter({
      name: 'huisbrug_evaluation_elements_total',
      help: 'Elements asked for blind evaluation, by party, domain and whether the quota allowed them',
      labelNames: ['party', 'domain', 'decision'],
      registers,
    })
    const labelNames = ['party', 'domain']
    this.#quotaLeft = new Gauge({
      name: 'huisbrug_quota_left_elements',
      help: 'Elements that a party may still have evaluated today',
      labelNames,
      registers,
    })
    const probe = (name: string, help: string) =>
      new Gauge({ name: `huisbrug_probe_${name}`, help, labelNames: ['protocol'], registers })
    this.#probes = {
      success: probe('last_success_timestamp_seconds', 'When a probe last went the whole way'),
      seconds: probe('seconds', 'How long that probe took'),
      late: probe('late', 'Whether a probe is late now'),
    }
    this.#evidence = {
      seconds: new Gauge({
        name: 'huisbrug_evidence_oldest_seconds',
        help: 'Age of the oldest entry without a signed place in the audit log',
        registers,
      }),
      stopped: new Gauge({
        name: 'huisbrug_disclosures_stopped',
        help: 'Whether nothing about persons is taken in or handed over now',
        registers,
      }),
    }
    this.#replica = {
      seconds: new Gauge({
        name: 'huisbrug_replica_lag_seconds',
        help: 'How far the replica for pages and reports is behind the primary at most',
        registers,
      }),
      read: new Gauge({
        name: 'huisbrug_replica_read',
        help: 'Whether pages and reports are read from the replica now',
        registers,
      }),
    }
    this.#sequencer = sequencerFigures(this.#registry)
    this.#witnesses = {
      cosigned: new Gauge({
        name: 'huisbrug_witness_cosigned_timestamp_seconds',
        help: 'When a witness last cosigned a checkpoint of the log',
        labelNames: ['witness'],
        registers,
      }),
      alarm: new Gauge({
        name: 'huisbrug_witness_alarm',
        help: 'Whether a witness saw another history of the log',
        labelNames: ['witness'],
        registers,
      }),
    }
    this.#bursts = new Gauge({
      name: 'huisbrug_quota_bursts_open',
      help: 'Days on which a party used more than agreed, at which no one has looked',
      labelNames,
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

  /** Elements of a request for blind evaluation; parties are organisations. */
  evaluated(party: string, domain: string, decision: 'taken' | 'refused', elements: number): void {
    this.#evaluations.inc({ party, domain, decision }, elements)
  }

  /** The quotas as they are now; what is not among them is not shown any more. */
  quotas(now: readonly { party: string; domain: string; left: number; bursts: number }[]): void {
    this.#quotaLeft.reset()
    this.#bursts.reset()
    for (const { party, domain, left, bursts } of now) {
      this.#quotaLeft.set({ party, domain }, left)
      this.#bursts.set({ party, domain }, bursts)
    }
  }

  /** How long evidence waits, and whether that stops what would have to be proven. */
  evidence({ seconds, code }: { seconds: number; code?: string }): void {
    this.#evidence.seconds.set(seconds)
    this.#evidence.stopped.set(code ? 1 : 0)
  }

  /** A batch of the sequencer, of the process that leads; without entries it only looked for some. */
  sequenced({ entries, seconds }: { entries: number; seconds: number }): void {
    this.#sequencer.busy.inc(seconds)
    if (entries === 0) return
    this.#sequencer.entries.inc(entries)
    this.#sequencer.lastEntries.set(entries)
    this.#sequencer.lastSeconds.set(seconds)
  }

  /** Entries that wait for a place in the log. */
  pending(entries: number): void {
    this.#sequencer.pending.set(entries)
  }

  /** The last probe of each protocol; what is not among them is not shown any more. */
  probes(
    now: readonly { protocol: string; at: Date | null; seconds: number | null; late: boolean }[],
  ) {
    for (const gauge of Object.values(this.#probes)) gauge.reset()
    for (const { protocol, at, seconds, late } of now) {
      if (at) this.#probes.success.set({ protocol }, at.getTime() / 1000)
      if (seconds !== null) this.#probes.seconds.set({ protocol }, seconds)
      this.#probes.late.set({ protocol }, late ? 1 : 0)
    }
  }

  /** How it stands with the replica, where there is one; a lag that is not known is not a number. */
  replica({ isRead, seconds }: { isRead: boolean; seconds: number | undefined }): void {
    this.#replica.seconds.set(seconds ?? Number.NaN)
    this.#replica.read.set(isRead ? 1 : 0)
  }

  /** How it goes with the witnesses that are asked; the others are not shown any more. */
  witnesses(now: readonly { name: string; cosignedAt: Date | null; alarm: string | null }[]): void {
    for (const gauge of Object.values(this.#witnesses)) gauge.reset()
    for (const { name: witness, cosignedAt, alarm } of now) {
      if (cosignedAt) this.#witnesses.cosigned.set({ witness }, cosignedAt.getTime() / 1000)
      this.#witnesses.alarm.set({ witness }, alarm ? 1 : 0)
    }
  }

  /** The figures in the Prometheus text format. */
  expose(): Promise<string> {
    return this.#registry.metrics()
  }
}

function sequencerFigures(registry: Registry) {
  const registers = [registry]
  const made =
    <T>(Kind: new (of: { name: string; help: string; registers: Registry[] }) => T) =>
    (name: string, help: string) =>
      new Kind({ name: `huisbrug_sequencer_${name}`, help, registers })
  const [counter, gauge] = [made(Counter), made(Gauge)]
  return {
    entries: counter('entries_total', 'Entries that this process gave their place in the log'),
    busy: counter('busy_seconds_total', 'Time that this process spent on giving places'),
    lastEntries: gauge('batch_entries', 'Entries of the last batch'),
    lastSeconds: gauge('batch_seconds', 'Time that the last batch took'),
    pending: gauge('pending_entries', 'Entries that wait for a place in the log'),
  }
}
