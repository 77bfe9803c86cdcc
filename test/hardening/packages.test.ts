import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { judgeAudit } from '../../scripts/audit.ts'
import {
  integrityFaults,
  isAllowed,
  type Lockfile,
  licenceFaults,
  readLockfile,
  shippedLabels,
} from '../../scripts/lockfile.ts'
import { makeBill } from '../../scripts/sbom.ts'

const lock = readLockfile()
const SHA512 = `sha512-${'A'.repeat(86)}==`

function lockWith(entry: object, root: object = {}): Lockfile {
  const good = { version: '1.0.0', license: 'MIT', integrity: SHA512 }
  return { lockfileVersion: 3, packages: { '': root, 'node_modules/one': { ...good, ...entry } } }
}

describe('what we depend on', () => {
  test('has a licence that allows it, and is pinned', () => {
    expect(Object.keys(lock.packages).length).toBeGreaterThan(500)
    expect(licenceFaults(lock)).toEqual([])
    expect(integrityFaults(lock)).toEqual([])
  })

  test('is asked for by one version each', () => {
    const root = lock.packages['']
    const asked = { ...root?.dependencies, ...root?.devDependencies, ...root?.optionalDependencies }
    const loose = Object.entries(asked).filter(
      ([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range),
    )
    expect(loose).toEqual([])
  })

  test.each([
    [{ license: 'AGPL-3.0-only' }, 'one@1.0.0: licence AGPL-3.0-only is not on the list'],
    [{ license: 'SEE LICENSE IN x' }, 'one@1.0.0: licence SEE LICENSE IN x is not on the list'],
    [{ license: 'UNLICENSED' }, 'one@1.0.0: licence UNLICENSED is not on the list'],
    [{ license: undefined }, 'one@1.0.0: licence none is not on the list'],
  ])('a licence of %j is named', (entry, fault) => {
    expect(licenceFaults(lockWith(entry as object))).toEqual([fault])
    expect(licenceFaults(lockWith({ ...entry, dev: true }))).toEqual([])
  })

  test.each([
    ['(MIT OR GPL-3.0)', true],
    ['(MIT AND Zlib)', true],
    ['MIT AND GPL-3.0', false],
    ['GPL-3.0 OR (ISC AND (BSD-3-Clause OR SSPL-1.0))', true],
    ['MIT OR', false],
    ['(MIT', false],
    ['MIT GPL-3.0', false],
    ['', false],
  ])('%s: %s', (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed)
  })

  test.each([
    [{ integrity: undefined }, 'one@1.0.0: no SHA-512'],
    [{ integrity: 'sha1-AAAA' }, 'one@1.0.0: no SHA-512'],
    [{ resolved: 'git+ssh://git@elsewhere.example/one.git' }, 'one@1.0.0: not from the registry'],
    [{ resolved: 'https://elsewhere.example/one.tgz' }, 'one@1.0.0: not from the registry'],
    [{ link: true }, 'one@1.0.0: not from the registry'],
    [{ dependencies: { two: 'github:who/two' } }, 'one@1.0.0: two is not asked of the registry'],
    [{ dependencies: { two: 'who/two#main' } }, 'one@1.0.0: two is not asked of the registry'],
    [
      { dependencies: { two: 'https://e.example/two.tgz' } },
      'one@1.0.0: two is not asked of the registry',
    ],
  ])('an entry with %j is named', (entry, fault) => {
    expect(integrityFaults(lockWith(entry as object))).toEqual([fault])
  })
})

describe('known weaknesses', () => {
  const found = (severity: string) => ({
    metadata: { vulnerabilities: { low: 0, [severity]: 1, total: 1 } },
    vulnerabilities: { one: { name: 'one', severity, range: '<2' } },
  })

  test('serious ones fail by name, others are told', () => {
    expect(judgeAudit(JSON.stringify(found('high')))).toEqual({
      ok: false,
      lines: ['npm audit: 1 high', 'one <2: high'],
    })
    expect(judgeAudit(JSON.stringify(found('low')))).toMatchObject({ ok: true })
  })

  test.each(['', 'null', '[]', '{"message":"405 Method Not Allowed"}', '<html>'])(
    'a registry that answers %j is skipped in a line',
    output => {
      const lines = ['npm audit: skipped, the registry does not offer it']
      expect(judgeAudit(output)).toEqual({ ok: true, lines })
    },
  )
})

describe('the bill of materials', () => {
  const version = spawnSync('npm', ['--version'], { encoding: 'utf8' }).stdout ?? ''
  // An older npm cannot make one, and says so.
  const able = Number(version.split('.')[0]) >= 10
  const whereAble = able ? test : test.skip

  whereAble(
    'is CycloneDX 1.6: all that is shipped, with hash and licence, and nothing else',
    () => {
      const bill = makeBill()
      expect(bill).toMatchObject({
        $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
        bomFormat: 'CycloneDX',
        specVersion: '1.6',
        serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
        version: 1,
        metadata: { component: { type: 'application', name: 'huisbrug' } },
      })
      const refs = bill.components.map(it => it['bom-ref'])
      expect(new Set(refs)).toEqual(shippedLabels(lock))
      expect(refs).toHaveLength(new Set(refs).size)
      const component = {
        type: 'library',
        name: expect.any(String),
        version: expect.any(String),
        purl: expect.stringMatching(/^pkg:npm\//),
        hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }],
      }
      for (const one of bill.components) {
        expect(one).toMatchObject(component)
        expect(one.licenses?.length).toBeGreaterThan(0)
      }
      const known = new Set([...refs, bill.metadata.component['bom-ref']])
      const named = bill.dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn])
      expect(named.filter(ref => !known.has(ref))).toEqual([])
    },
  )
})

test('no file of ours names a registry or a place on a machine', () => {
  const files = ['package.json', 'package-lock.json', '.npmrc', '.ci/run', 'SECURITY.md']
  for (const file of files) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    expect(text).not.toMatch(/\/(home|root|work|Users)\/|^registry *=|"resolved":/m)
  }
})
