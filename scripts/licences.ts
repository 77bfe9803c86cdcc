import { entriesOf, integrityFaults, licenceFaults, readLockfile } from './lockfile.ts'

// Fails where a package is not pinned, or is given to others under a licence that is not on the list.
const lock = readLockfile()
const faults = [...licenceFaults(lock), ...integrityFaults(lock)]
for (const fault of faults) process.stdout.write(`${fault}\n`)
const packages = entriesOf(lock)
const shipped = packages.filter(([, { dev }]) => !dev).length
if (faults.length === 0)
  process.stdout.write(`${packages.length} packages pinned, ${shipped} licences allowed\n`)
process.exitCode = faults.length > 0 ? 1 : 0
