import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Makes dist/ for the package: JavaScript and declarations, with the files the program reads beside
// them in the same places as in the repository. Node does not strip types under node_modules.
const root = fileURLToPath(new URL('..', import.meta.url))
const dist = `${root}dist`
const compiler = `${root}node_modules/typescript/bin/tsc`

rmSync(dist, { recursive: true, force: true })
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
if (status !== 0) process.exit(1)
for (const folder of ['schemas', 'protocols', 'docs/api']) {
  cpSync(`${root}${folder}`, `${dist}/${folder}`, { recursive: true })
}
cpSync(`${root}src`, `${dist}/src`, {
  recursive: true,
  filter: path => statSync(path).isDirectory() || !path.endsWith('.ts'),
})
