import {
  apartOf,
  type Candidate,
  costOf,
  type Moving,
  movingProgram,
  programOf,
} from './program.ts'
import {
  isSolution,
  isWhole,
  type KeptProgram,
  type Solver,
  type Sum,
  type System,
  sumAt,
} from './system.ts'
import type { Target } from './targets.ts'

/** What has to stay hidden and cannot, whatever is hidden of this table. */
export class Exposed extends Error {
  constructor() {
    super('earlier releases leave no room to hide it')
  }
}

// Who moves a count by more than some thresholds learns nothing by it; a program needs bounds.
const ROOM = 50
const ENDLESS = Number.POSITIVE_INFINITY

/** What is to be protected, of whom. */
export interface Task {
  /** What earlier releases tell. */
  system: System
  candidates: readonly Candidate[]
  targets: readonly Target[]
  /** Of each who knows counts of its own: which. Nothing has to stay hidden from it of those. */
  insiders: readonly (readonly number[])[]
}

/**
 * The search for cells to hide: for who knows nothing, and for each insider after it. What one found serves the
 * next, for cells are only ever hidden, and what was a solution stays one.
 */
export class Search {
  readonly hidden: boolean[]
  /** Solutions, by how they differ from the true counts. */
  readonly moves: Sum[] = []
  readonly task: Task
  readonly #open: Solver
  readonly #room: number
  /** The targets that a count is part of, with its coefficient. */
  readonly #within: ReadonlyMap<number, [target: number, by: number][]>
  /** Targets of whom is asked now, the largest first: what hides it mostly hides the smaller ones too. */
  #order: readonly number[] = []
  #published: System
  #shown: KeptProgram | undefined
  #moving: (Moving & { kept: KeptProgram }) | undefined
  #costed: readonly number[] = []
  #own: ReadonlySet<number> = new Set()
  #least: number[] = []
  #most: number[] = []

  constructor(task: Task, open: Solver) {
    this.task = task
    this.#open = open
    this.hidden = task.candidates.map(({ hidden }) => hidden)
    this.#room = ROOM * Math.max(1, ...task.targets.map(({ apart }) => apart))
    this.#published = this.#publish()
    this.#within = targetsByVariable(task.targets)
  }

  close(): void {
    this.#shown?.close()
    this.#moving?.kept.close()
  }

  /**
   * Makes every target wide for who knows these counts, hiding what has to be.
   * @throws Exposed where one cannot be, unless this is not the last that is tried
   */
  secureFrom(own: readonly number[], { isLast = true } = {}): void {
    this.#bindOwn(false)
    this.#own = new Set(own)
    this.#bindOwn(true)
    const { targets } = this.task
    this.#least = targets.map(({ value }) => value)
    this.#most = [...this.#least]
    this.#order = [...targets.keys()]
      .filter(at => targets[at]?.sum.every(([variable]) => !this.#own.has(variable)))
      .sort((a, b) => (targets[b]?.value ?? 0) - (targets[a]?.value ?? 0))
    for (const move of this.moves) this.#widen(move)
    this.#moveFree()
    this.#moveTogether()
    for (const at of this.#order) {
      if (!this.#secure(at) && isLast) throw new Exposed()
    }
  }

  /** Hides cells, by index. */
  hide(cells: readonly number[]): void {
    const more = cells.filter(cell => !this.hidden[cell])
    if (more.length === 0) return
    for (const cell of more) {
      this.hidden[cell] = true
      this.#shown?.bindRow(this.#rowOf(cell), -ENDLESS, ENDLESS)
    }
    this.#published = this.#publish()
    const moves = more.flatMap(cell => this.#moving?.movesOf.get(cell) ?? [])
    this.#moving?.kept.setCosts(new Map(moves.map(column => [column, 0])))
  }

  /** Takes a solution, by how it differs from the true counts, if it is one. */
  take(move: Sum): void {
    const point = [...this.task.system.truth]
    for (const [variable, by] of move) point[variable] = (point[variable] ?? 0) + by
    if (move.length === 0 || !isSolution(this.#published, point)) return
    this.moves.push(move)
    this.#widen(move)
  }

  /** Moves each target that has a count in no equation at all: that one can be anything. */
  #moveFree(): void {
    const { truth, equations, notBelowZero } = this.#published
    const sums = [...equations.map(({ sum }) => sum), ...notBelowZero]
    const bound = new Set([...sums.flat().map(([variable]) => variable), ...this.#own])
    const point = [...truth]
    for (const { sum, apart } of this.#targets()) {
      const free = sum.find(([variable, coefficient]) => coefficient > 0 && !bound.has(variable))
      if (free) point[free[0]] = (truth[free[0]] ?? 0) + apart
    }
    this.#take(point)
  }

  /** Moves all targets at once, up and down, as long as that helps: most need no program of their own. */
  #moveTogether(): void {
    for (let before = ENDLESS; ; ) {
      const open = this.#targets().map(({ sum }) => sum)
      if (open.length === 0 || open.length >= before) return
      before = open.length
      for (const sign of [-1, 1]) this.#take(this.#move(open, sign))
    }
  }

  /** Makes one target wide enough, hiding what has to be; false where it cannot be. */
  #secure(at: number): boolean {
    const target = this.task.targets[at]
    if (!target || this.#isMovable(at, target)) return true
    for (const isExact of [false, true]) {
      if (!this.#hideFor(target, isExact)) return target.value === 0
      if (this.#isMovable(at, target)) return true
    }
    return false
  }

  /** The targets that are not wide yet. */
  #targets(): Target[] {
    return this.#order.flatMap(at => (this.#isWide(at) ? [] : (this.task.targets[at] ?? [])))
  }

  #isMovable(at: number, { sum }: Target): boolean {
    for (const sign of [-1, 1]) {
      if (this.#isWide(at)) return true
      this.#take(this.#move([sum], sign))
    }
    return this.#isWide(at)
  }

  #isWide(at: number): boolean {
    return (this.#most[at] ?? 0) - (this.#least[at] ?? 0) >= (this.task.targets[at]?.apart ?? 0)
  }

  /** A solution of what is published in which sums are as far up (-1) or down (1) as they go. */
  #move(sums: readonly Sum[], sign: number): readonly number[] | undefined {
    this.#shown ??= this.#openShown()
    const costs = costOf(sums, sign)
    this.#shown.setCosts(new Map([...this.#costed.map(it => [it, 0] as const), ...costs]))
    this.#costed = [...costs.keys()]
    const point = this.#shown.solve()
    return !point || isWhole(point) ? point : this.#shown.solveWhole()
  }

  #openShown(): KeptProgram {
    const { system, candidates } = this.task
    const { columns, rows } = programOf(system, this.#room)
    const cells = candidates.map(({ sum, value }, cell) =>
      this.hidden[cell]
        ? { lower: -ENDLESS, upper: ENDLESS, sum }
        : { lower: value, upper: value, sum },
    )
    const kept = this.#open({ columns, rows: [...rows, ...cells] })
    for (const variable of this.#own) this.#bind(kept, variable, variable, true)
    return kept
  }

  /** Hides the cells of the cheapest change that sets a target apart; false where there is none. */
  #hideFor({ sum, apart }: Target, isExact: boolean): boolean {
    const { system, candidates } = this.task
    const size = system.truth.length
    this.#moving ??= this.#openMoving()
    const { kept, row } = this.#moving
    kept.setRow(row, apartOf(sum, size))
    kept.bindRow(row, apart, ENDLESS)
    // Of halves too it shows which cells have to move; whether that will do is told by what is taken.
    const found = isExact ? kept.solveWhole() : kept.solve()
    if (!found) return false
    const points = [found.slice(0, size), found.slice(size, 2 * size)]
    const moved = candidates.flatMap(({ sum: cell, value }, index) => {
      const moves = points.some(point => Math.abs(sumAt(cell, point) - value) > 1e-6)
      return moves && !this.hidden[index] ? [index] : []
    })
    this.hide(moved)
    for (const point of points) this.#take(point)
    return true
  }

  #openMoving(): Moving & { kept: KeptProgram } {
    const { system, candidates } = this.task
    const cells = candidates.map((cell, at) => ({ ...cell, hidden: this.hidden[at] ?? false }))
    const moving = movingProgram(system, this.#room, cells)
    const kept = this.#open(moving.program)
    for (const variable of this.#own) this.#bindBoth(kept, variable, true)
    return { ...moving, kept }
  }

  #rowOf(cell: number): number {
    const { equations, notBelowZero } = this.task.system
    return equations.length + notBelowZero.length + cell
  }

  #bindOwn(isKnown: boolean): void {
    for (const variable of this.#own) {
      if (this.#shown) this.#bind(this.#shown, variable, variable, isKnown)
      if (this.#moving) this.#bindBoth(this.#moving.kept, variable, isKnown)
    }
  }

  #bindBoth(kept: KeptProgram, variable: number, isKnown: boolean): void {
    for (const by of [0, this.task.system.truth.length]) {
      this.#bind(kept, variable + by, variable, isKnown)
    }
  }

  #bind(kept: KeptProgram, column: number, variable: number, isKnown: boolean): void {
    const count = this.task.system.truth[variable] ?? 0
    kept.bindColumn(column, isKnown ? count : 0, isKnown ? count : count + this.#room)
  }

  /** What is published as it stands: earlier releases, and the candidates that are not hidden. */
  #publish(): System {
    const { system, candidates } = this.task
    const shown = candidates.filter((_, cell) => !this.hidden[cell])
    return { ...system, equations: [...system.equations, ...shown] }
  }

  #take(point: readonly number[] | undefined): void {
    if (!point) return
    const { truth } = this.task.system
    this.take(
      point.flatMap((count, at) => (count === truth[at] ? [] : [[at, count - (truth[at] ?? 0)]])),
    )
  }

  #widen(move: Sum): void {
    if (move.some(([variable]) => this.#own.has(variable))) return
    const moved = new Map<number, number>()
    for (const [variable, by] of move) {
      for (const [at, coefficient] of this.#within.get(variable) ?? []) {
        moved.set(at, (moved.get(at) ?? 0) + coefficient * by)
      }
    }
    for (const [at, by] of moved) {
      const value = (this.task.targets[at]?.value ?? 0) + by
      this.#least[at] = Math.min(this.#least[at] ?? value, value)
      this.#most[at] = Math.max(this.#most[at] ?? value, value)
    }
  }
}

function targetsByVariable(targets: readonly Target[]): Map<number, [number, number][]> {
  const within = new Map<number, [number, number][]>()
  for (const [at, { sum }] of targets.entries()) {
    for (const [variable, by] of sum) {
      const known = within.get(variable)
      if (known) known.push([at, by])
      else within.set(variable, [[at, by]])
    }
  }
  return within
}
