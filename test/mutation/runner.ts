import type { InstrumenterContext, StrykerOptions } from '@stryker-mutator/api/core'
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner'
import { failureOf, fileOf, type KnownTest, loadTests } from './harness.ts'

/** What the changed code reads: which mutant is on; and what it writes: which were reached. */
function stage(): InstrumenterContext {
  const host = globalThis as { __stryker__?: InstrumenterContext }
  host.__stryker__ ??= {}
  return host.__stryker__
}

/**
 * Runs the test files that stryker.config.mjs names within Stryker's own process: starting Jest for
 * each mutant takes seconds, loading the modules anew a tenth of one.
 */
class InProcessRunner implements TestRunner {
  static inject = tokens(commonTokens.options)
  readonly #files: readonly string[]

  constructor(options: StrykerOptions) {
    this.#files = options['inProcess'] as string[]
  }

  capabilities() {
    // Each run has modules of its own, so a mutant of what runs on loading counts as well.
    return { reloadEnvironment: true }
  }

  async dryRun(_: DryRunOptions): Promise<DryRunResult> {
    const mutantCoverage = { static: {}, perTest: {} }
    Object.assign(stage(), { activeMutant: undefined, mutantCoverage })
    const results = await runAll(await loadTests(this.#files), false)
    return { status: DryRunStatus.Complete, tests: results, mutantCoverage }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, testFilter, hitLimit, disableBail } = options
    const wanted = testFilter && new Set(testFilter)
    const covering = wanted && new Set([...wanted].map(fileOf))
    const files = this.#files.filter(file => covering?.has(file) ?? true)
    Object.assign(stage(), { activeMutant: activeMutant.id, hitCount: 0, hitLimit })
    const outcome = await this.#runFiles(files, wanted, !disableBail)
    const looping = determineHitLimitReached(stage().hitCount, hitLimit)
    return toMutantRunResult(looping ?? outcome)
  }

  async #runFiles(
    files: readonly string[],
    wanted: ReadonlySet<string> | undefined,
    bail: boolean,
  ): Promise<DryRunResult> {
    try {
      const tests = await loadTests(files)
      const results = await runAll(
        tests.filter(({ id }) => wanted?.has(id) ?? true),
        bail,
      )
      return { status: DryRunStatus.Complete, tests: results }
    } catch (error) {
      // The mutant keeps a file from loading at all: a failure that every run of the tests would see.
      return { status: DryRunStatus.Complete, tests: [result('loading the tests', 0, `${error}`)] }
    }
  }
}

async function runAll(tests: readonly KnownTest[], bail: boolean): Promise<TestResult[]> {
  const results: TestResult[] = []
  for (const test of tests) {
    const started = performance.now()
    stage().currentTestId = test.id
    const failure = await failureOf(test)
    Object.assign(stage(), { currentTestId: undefined })
    results.push(result(test.id, performance.now() - started, failure))
    if (failure !== undefined && bail) break
  }
  return results
}

function result(id: string, timeSpentMs: number, failureMessage: string | undefined): TestResult {
  const same = { id, name: id, timeSpentMs }
  return failureMessage === undefined
    ? { ...same, status: TestStatus.Success }
    : { ...same, status: TestStatus.Failed, failureMessage }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner),
]
