import { writeFileSync } from 'node:fs'
import { compareContracts, versionAsked } from './contract/compare.ts'
import { PREVIOUS, readContract, readPrevious } from './contract/read.ts'

// Says how the contract differs from that of the version before, and what that asks of the version. With
// --keep the contract as it is becomes the one to compare with: at a release, and then only.
const now = readContract()
if (process.argv.includes('--keep')) {
  writeFileSync(PREVIOUS, `${JSON.stringify(now)}\n`)
  console.log(`kept: the contract of ${now.version}`)
} else {
  const before = readPrevious()
  const changes = compareContracts(before, now)
  for (const { place, words, breaking } of changes)
    console.log(`${breaking ? 'BREAKING' : 'addition'} ${place}: ${words}`)
  const asked = versionAsked(changes, before.version)
  console.log(`${changes.length} changes since ${before.version}: at least version ${asked}`)
  process.exitCode = changes.some(change => change.breaking) ? 1 : 0
}
