import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Debian's golang-golang-x-mod-dev puts the sources here; nothing is fetched.
const GOPATH = '/usr/share/gocode'
const SOURCE = fileURLToPath(new URL('../go/verify', import.meta.url))

const isInstalled =
  spawnSync('go', ['version']).status === 0 && existsSync(`${GOPATH}/src/golang.org/x/mod/sumdb`)
// Where all that CI installs must be there, a test that finds nothing to run with has to fail.
const isRequired = process.env['HUISBRUG_TEST_TOOLS'] === 'required'
if (!isInstalled && !isRequired) {
  const packages = 'golang-go golang-golang-x-mod-dev'
  process.stderr.write(`Go is not installed (${packages}): the tests with it are skipped\n`)
}

/** Like describe, where this machine has Go and golang.org/x/mod. */
export const describeWithGo = isInstalled || isRequired ? describe : describe.skip

/**
 * Builds test/go/verify without a network.
 * @returns the program
 * @throws Error with what the compiler says
 */
export function buildVerify(folder: string): string {
  const program = join(folder, 'verify')
  const cache = process.env['HOME'] ? {} : { GOCACHE: join(tmpdir(), 'huisbrug-go-build') }
  const env = { ...process.env, GO111MODULE: 'off', GOPATH, CGO_ENABLED: '0', ...cache }
  const built = spawnSync('go', ['build', '-o', program, '.'], { cwd: SOURCE, env })
  if (built.status !== 0) throw new Error(`go build: ${built.error?.message ?? built.stderr}`)
  return program
}
