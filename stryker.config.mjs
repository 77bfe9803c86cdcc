// npm run mutate: changes the code in small ways and sees whether a test notices. See docs/testing.md.

/** The decision, the compiler of validators, and the states of documents. */
const mutate = [
  ...['decide', 'ground', 'decision', 'compile', 'narrow', 'forms', 'profile', 'lifecycle'],
].map(name => `src/protocol/${name}.ts`)

const named = (folder, names) => names.map(name => `test/${folder}/${name}.test.ts`)

export default {
  mutate,
  plugins: ['./test/mutation/runner.ts'],
  testRunner: 'in-process',
  testRunnerNodeArgs: ['--no-warnings'],
  coverageAnalysis: 'perTest',
  /** Without a database; the quick and the telling ones first, since the first that fails ends a run. */
  inProcess: [
    ...named('protocol-proof', ['outcomes', 'shapes']),
    ...named('protocol', ['profile', 'purposes', 'decide', 'articles', 'versions', 'lookup']),
    ...named('protocol', [
      'signature-lines',
      'decide-order',
      'compile',
      'lifecycle',
      'latest-word',
      'in-force',
    ]),
    ...named('blind-sender', ['form']),
    ...named('protocol-proof', ['matrix', 'random']),
    ...named('protocol', ['oracle']),
  ],
  ignorePatterns: ['data', 'dist', 'test-results', 'docs', 'coverage'],
  // TypeScript 7 has no programming interface that could rewrite it, and nothing here needs it.
  tsconfigFile: 'none.json',
  tempDirName: 'data/mutation',
  concurrency: 2,
  // Modules of earlier runs stay in memory.
  maxTestRunnerReuse: 60,
  timeoutMS: 10_000,
  reporters: ['progress-append-only', 'clear-text', 'json'],
  jsonReporter: { fileName: 'data/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowConsoleColors: false,
  warnings: { slow: false, unknownOptions: false },
  thresholds: { high: 100, low: 100, break: null },
}
