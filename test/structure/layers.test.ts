import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs the layer check on a copy of the sources with one file added. */
function checkWith(path: string, content: string): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-layers-'))
  try {
    for (const name of ['src', '.dependency-cruiser.mjs', 'package.json', 'tsconfig.json']) {
      cpSync(join(ROOT, name), join(folder, name), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    if (path) writeFileSync(join(folder, path), content)
    const cruiser = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [cruiser, '--config', '.dependency-cruiser.mjs', 'src'],
      { cwd: folder, encoding: 'utf8' },
    )
    return { status, output: stdout + stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('the layer check', () => {
  test('passes as the sources are', () => {
    const { status, output } = checkWith('', '')
    expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' })
  })

  test.each([
    ['src/protocol/planted.ts', "import '../http/app.ts'\n", 'core-imports-no-service'],
    [
      'src/exchange/planted.ts',
      "import type { Route } from '../http/route.ts'\nexport type R = Route\n",
      'service-imports-no-edge',
    ],
    ['src/db/planted.ts', "import '../access/party.ts'\n", 'foundation-imports-no-part'],
    ['src/audit/merkle-planted.ts', "import 'express'\n", 'pure-core-imports-no-framework'],
    [
      'src/sandbox/planted.ts',
      "import '../exchange/view.ts'\n",
      'sandbox-speaks-only-the-contract',
    ],
    ['src/client/planted.ts', "import '../config.ts'\n", 'kit-stands-alone'],
  ])('finds %s', (path, content, rule) => {
    const { status, output } = checkWith(path, content)
    expect(status).not.toBe(0)
    expect(output).toContain(rule)
    expect(output).toContain('planted')
  })
})
