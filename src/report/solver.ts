import highsLoader, { type Highs, type Model, type ModelData } from 'highs'
import type { KeptProgram, Program, Solver, Sum } from './disclosure/system.ts'

const NEARLY = 1e-6
// A program of ours takes milliseconds; where one does not end nothing is released.
const SECONDS = 20
const INTEGER = 1
const CONTINUOUS = 0

// Its types say CommonJS, where its default would be a level deeper; what Node loads is a module.
const loadHighs = highsLoader as unknown as typeof highsLoader.default

let loading: Promise<Solver> | undefined

/**
 * The solver of disclosure control: HiGHS, compiled to WebAssembly, loaded once. A program is kept in it and
 * solved again from where it was: what changed from one time to the next is little.
 */
export function loadSolver(): Promise<Solver> {
  loading ??= loadHighs().then(highs => program => new KeptModel(highs, program))
  return loading
}

class KeptModel implements KeptProgram {
  readonly #highs: Highs
  readonly #model: Model & { dispose(): void }
  readonly #size: number
  #lastRow: Sum = []

  constructor(highs: Highs, program: Program) {
    this.#highs = highs
    this.#size = program.columns.length
    this.#model = highs.createModel(modelOf(program))
    this.#model.options.set({ output_flag: false, time_limit: SECONDS, mip_rel_gap: 0 })
  }

  setCosts(costs: ReadonlyMap<number, number>): void {
    const indices = [...costs.keys()].sort((a, b) => a - b)
    if (indices.length === 0) return
    const values = indices.map(at => costs.get(at) ?? 0)
    this.#model.changeColsCost({ kind: 'set', indices }, values)
  }

  bindColumn(at: number, lower: number, upper: number): void {
    this.#model.changeColBounds(at, lower, upper)
  }

  bindRow(at: number, lower: number, upper: number): void {
    this.#model.changeRowBounds(at, lower, upper)
  }

  setRow(at: number, sum: Sum): void {
    for (const [column] of this.#lastRow) this.#model.changeCoefficient(at, column, 0)
    for (const [column, coefficient] of sum) this.#model.changeCoefficient(at, column, coefficient)
    this.#lastRow = sum
  }

  solve(): readonly number[] | undefined {
    return this.#run()
  }

  solveWhole(): readonly number[] | undefined {
    this.#integrality(INTEGER)
    try {
      return this.#run()?.map(Math.round)
    } finally {
      this.#integrality(CONTINUOUS)
    }
  }

  close(): void {
    this.#model.dispose()
  }

  #integrality(type: 0 | 1): void {
    const all = { kind: 'range', from: 0, to: this.#size - 1 } as const
    this.#model.changeColsIntegrality(all, new Int32Array(this.#size).fill(type))
  }

  #run(): number[] | undefined {
    this.#model.zeroAllClocks()
    const { modelStatus } = this.#model.run()
    const { optimal, infeasible } = this.#highs.constants.modelStatus
    if (modelStatus === infeasible) return undefined
    if (modelStatus !== optimal) throw new Error(`no answer of the solver: status ${modelStatus}`)
    return Array.from(this.#model.getSolution().colValue, nearlyWhole)
  }
}

function nearlyWhole(value: number): number {
  const whole = Math.round(value)
  return Math.abs(value - whole) < NEARLY ? whole : value
}

function modelOf({ columns, rows }: Program): ModelData {
  const starts = [0]
  for (const { sum } of rows) starts.push((starts.at(-1) ?? 0) + sum.length)
  const entries = rows.flatMap(({ sum }) => sum)
  return {
    numCols: columns.length,
    numRows: rows.length,
    colCost: columns.map(({ cost }) => cost),
    colLower: columns.map(({ lower }) => lower),
    colUpper: columns.map(({ upper }) => upper),
    rowLower: rows.map(({ lower }) => lower),
    rowUpper: rows.map(({ upper }) => upper),
    matrix: {
      format: 'csr',
      numRows: rows.length,
      numCols: columns.length,
      starts,
      indices: entries.map(([variable]) => variable),
      values: entries.map(([, coefficient]) => coefficient),
    },
  }
}
