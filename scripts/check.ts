import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// Format, lint, types, layers, packages, generated files: everything that is checked without running the product.
const root = fileURLToPath(new URL('..', import.meta.url))
const node = process.execPath
const bin = (name: string) => `node_modules/${name}`

const CHECKS: [string, string[]][] = [
  ['format and lint', [bin('@biomejs/biome/bin/biome'), 'check', '.']],
  ['types', [bin('typescript/bin/tsc'), '--noEmit']],
  [
    'layers',
    [
      bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--config',
      '.dependency-cruiser.mjs',
      'src',
    ],
  ],
  ['packages', ['scripts/licences.ts']],
  ['audit', ['scripts/audit.ts']],
  ['generated files', ['scripts/generate.ts', '--check']],
  [
    'OpenAPI',
    [
      bin('@redocly/cli/bin/cli.js'),
      'lint',
      '--config',
      'docs/api/redocly.yaml',
      'docs/api/openapi.json',
    ],
  ],
]

const only = process.argv[2]
let failed = 0
for (const [name, args] of CHECKS.filter(([name]) => !only || name.startsWith(only))) {
  process.stdout.write(`== ${name}\n`)
  const { status } = spawnSync(node, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) failed += 1
}
process.stdout.write(failed > 0 ? `${failed} checks failed\n` : 'all checks passed\n')
process.exitCode = failed > 0 ? 1 : 0
