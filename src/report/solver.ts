import highsLoader, { type Highs, type ModelData } from 'highs'
import type { Program, Solve } from './disclosure/system.ts'

const NEARLY = 1e-6
// A program of ours takes milliseconds; where one does not end nothing is released.
const SECONDS = 20
const INTEGER = 1

// Its types say CommonJS, where its default would be a level deeper; what Node loads is a module.
const loadHighs = highsLoader as unknown as typeof highsLoader.default

let loading: Promise<Solve> | undefined

/**
 * The solver of disclosure control: HiGHS, compiled to WebAssembly, loaded once. First as a linear program,
 * which mostly gives whole numbers by itself; as an integer program where it does not.
 */
export function loadSolver(): Promise<Solve> {
  loading ??= loadHighs().then(highs => program => {
    const relaxed = run(highs, program, false)
    if (!relaxed || relaxed.every(value => Math.abs(value - Math.round(value)) < NEARLY)) {
      return relaxed?.map(Math.round)
    }
    return run(highs, program, true)?.map(Math.round)
  })
  return loading
}

function run(highs: Highs, program: Program, integer: boolean): number[] | undefined {
  return highs.withModel(modelOf(program, integer), model => {
    model.options.set({ output_flag: false, time_limit: SECONDS, mip_rel_gap: 0 })
    const { modelStatus } = model.run()
    const { optimal, infeasible } = highs.constants.modelStatus
    if (modelStatus === infeasible) return undefined
    if (modelStatus !== optimal) throw new Error(`no answer of the solver: status ${modelStatus}`)
    return [...model.getSolution().colValue]
  })
}

function modelOf({ columns, rows }: Program, integer: boolean): ModelData {
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
    ...(integer && { integrality: columns.map(() => INTEGER) }),
  }
}
