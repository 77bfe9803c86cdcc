import TestSequencer from '@jest/test-sequencer'

// What takes longest begins first, also in a fresh clone, where jest knows no times yet: a file that takes
// three minutes and begins last keeps one worker busy and the others idle.
const LONGEST = [
  'guides/quickstarts',
  'console/every-page',
  'package/package',
  'no-leak/dumps',
  'demo/demo',
  'suspension/processes',
  'pseudonym/register-process',
  'suspension/in-flight',
  'sandbox/partner',
  'break/break',
  'delivery/hand-over',
  'storage/embedded',
  'reports/pages',
  'fuzz/fuzz',
  'outages/processes',
  'audit/sequencer',
]

/** Puts the longest test files first; the rest in jest's own order. */
// biome-ignore lint/style/noDefaultExport: jest takes a sequencer by its default export.
export default class LongestFirst extends TestSequencer {
  async sort(tests) {
    const rest = await super.sort(tests)
    const place = ({ path }) => {
      const found = LONGEST.findIndex(name => path.endsWith(`/test/${name}.test.ts`))
      return found < 0 ? LONGEST.length : found
    }
    return [...rest].sort((one, other) => place(one) - place(other))
  }
}
