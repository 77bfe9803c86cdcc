import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** One file that breaks each rule, and the rule. */
const PLANTED = {
  'src/protocol/planted.ts': ["import '../http/app.ts'\n", 'core-imports-no-service'],
  'src/exchange/planted.ts': [
    "import type { Route } from '../http/route.ts'\nexport type R = Route\n",
    'service-imports-no-edge',
  ],
  'src/db/planted.ts': ["import '../access/party.ts'\n", 'foundation-imports-no-part'],
  'src/audit/merkle-planted.ts': ["import 'express'\n", 'pure-core-imports-no-framework'],
  'src/sandbox/planted.ts': ["import '../exchange/view.ts'\n", 'sandbox-speaks-only-the-contract'],
  'src/sheet/planted.ts': ["import '../config.ts'\n", 'sheet-stands-alone'],
  'src/client/planted.ts': ["import '../config.ts'\n", 'kit-stands-alone'],
} as const

/** What the layer check says of a copy of the sources with those files added. */
function errorsWithPlanted(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-layers-'))
  try {
    for (const name of ['src', '.dependency-cruiser.mjs', 'package.json', 'tsconfig.json']) {
      cpSync(join(ROOT, name), join(folder, name), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (const [path, [content]] of Object.entries(PLANTED)) {
      writeFileSync(join(folder, path), content)
    }
    const cruiser = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const args = [cruiser, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src']
    const { stdout } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    const { violations } = JSON.parse(stdout).summary as { violations: Violation[] }
    return violations.map(({ from, rule }) => `${from} ${rule.name}`).toSorted()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Violation {
  from: string
  rule: { name: string }
}

test('the layer check finds what is planted, and nothing in the sources as they are', () => {
  const expected = Object.entries(PLANTED).map(([path, [, rule]]) => `${path} ${rule}`)
  expect(errorsWithPlanted()).toEqual(expected.toSorted())
})
