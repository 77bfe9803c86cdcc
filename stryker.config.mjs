// npm run mutate: changes the code in small ways and sees whether a test notices. See docs/testing.md.

/** The decision, the compiler of validators, and the states of documents. */
const mutate = ['decide', 'decision', 'ground', 'compile', 'narrow', 'forms', 'lifecycle'].map(
  name => `src/protocol/${name}.ts`,
)

/** Fast and without a database. */
const tests = ['decide', 'decide-order', 'compile', 'lifecycle', 'lookup'].map(
  name => `<rootDir>/test/protocol/${name}.test.ts`,
)

export default {
  mutate,
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  coverageAnalysis: 'perTest',
  jest: {
    projectType: 'custom',
    enableFindRelatedTests: false,
    config: {
      testEnvironment: 'node',
      transform: {},
      extensionsToTreatAsEsm: ['.ts'],
      testMatch: [...tests, '<rootDir>/test/protocol-proof/**/*.test.ts'],
      testTimeout: 60_000,
    },
  },
  ignorePatterns: ['data', 'dist', 'test-results', 'docs', 'coverage'],
  // TypeScript 7 has no programming interface that could rewrite it, and nothing here needs it.
  tsconfigFile: 'none.json',
  tempDirName: 'data/mutation',
  concurrency: 2,
  timeoutMS: 30_000,
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'data/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowConsoleColors: false,
  thresholds: { high: 100, low: 100, break: null },
}
