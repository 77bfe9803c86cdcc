import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { READ_BY_HAND, readLockfile, shippedLabels } from './lockfile.ts'

// The software bill of materials of what we give to others: CycloneDX 1.6, from package-lock.json.

interface Component {
  'bom-ref': string
  name: string
  licenses?: { license: { id: string } }[]
  externalReferences?: { type: string; url: string }[]
}

/** What this looks at of a bill; the rest passes as npm wrote it. */
export interface Bill {
  $schema: string
  bomFormat: 'CycloneDX'
  specVersion: string
  metadata: { component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn?: string[] }[]
}

/**
 * The bill that npm wrote of everything, as 1.6, of which 1.5 is a part: what is shipped of it (left to
 * itself, npm leaves out what the tests need as well), the name of the package instead of that of the
 * folder, no addresses of the registry at hand, and the licences that were read by hand.
 */
export function finishBill(bill: Bill, name: string, shipped: ReadonlySet<string>): Bill {
  const own = bill.metadata.component['bom-ref']
  const has = (ref: string) => ref === own || shipped.has(ref)
  const listed = bill.components.filter(component => has(component['bom-ref']))
  const components = listed.map(component => {
    const licence = READ_BY_HAND[component['bom-ref']]
    return {
      ...withoutPlaces(component),
      ...(licence && { licenses: [{ license: { id: licence } }] }),
    }
  })
  const component = { ...withoutPlaces(bill.metadata.component), name }
  return {
    ...bill,
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    specVersion: '1.6',
    metadata: { ...bill.metadata, component },
    components,
    dependencies: bill.dependencies
      .filter(({ ref }) => has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(has) })),
  }
}

function withoutPlaces(component: Component): Component {
  const { externalReferences = [], ...rest } = component
  const kept = externalReferences.filter(({ type }) => type !== 'distribution')
  return { ...rest, ...(kept.length > 0 && { externalReferences: kept }) }
}

/** @throws Error where the npm at hand cannot make one: it takes npm 10 or newer */
export function makeBill(): Bill {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const { status, stdout } = spawnSync(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    [...['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], '--package-lock-only'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  if (status !== 0) throw new Error('npm sbom failed: it takes npm 10 or newer (npm --version)')
  const { name } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { name: string }
  return finishBill(JSON.parse(stdout) as Bill, name, shippedLabels(readLockfile()))
}

if (import.meta.main) {
  const file = process.argv[2] ?? 'huisbrug.cdx.json'
  const bill = makeBill()
  writeFileSync(file, `${JSON.stringify(bill, undefined, 2)}\n`)
  process.stdout.write(`${bill.components.length} components: ${file}\n`)
}
