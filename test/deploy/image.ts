import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entriesOf, readLockfile } from '../../scripts/lockfile.ts'

// Does what the Dockerfile says in a plain folder, without an engine. What cannot be done so: the base image
// (its Node is compared with ours), `npm install` (the packages are taken from where the lock put them here),
// and taking npm out of the base image.

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Step {
  word: string
  /** What follows the word, in one line. */
  rest: string
}

/** One stage of the Dockerfile, in a folder that is its `/`. */
export interface Stage {
  from: string
  name: string
  root: string
  cwd: string
  env: Record<string, string>
  steps: Step[]
  /** The steps that were not done. */
  skipped: string[]
}

/** The instructions of a Dockerfile, continued lines joined and comments left out. */
export function readSteps(text: string): Step[] {
  const lines = text.split('\n').filter(line => !line.trimStart().startsWith('#'))
  const whole = lines.join('\n').replace(/\\\n\s*/g, ' ')
  return whole
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => ({ word: line.split(' ')[0] ?? '', rest: line.replace(/^\S+\s+/, '') }))
}

/** Builds every stage below `folder`; the last one is the image. */
export function buildImage(folder: string): Stage[] {
  const stages: Stage[] = []
  for (const step of readSteps(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))) {
    if (step.word === 'FROM') stages.push(openStage(folder, step.rest, stages.length))
    else perform(stages, stages.at(-1) as Stage, step)
  }
  return stages
}

function openStage(folder: string, rest: string, index: number): Stage {
  const [from = '', , name = `stage-${index}`] = rest.split(' ')
  const root = join(folder, name)
  mkdirSync(root)
  return { from, name, root, cwd: '/', env: {}, steps: [], skipped: [] }
}

function perform(stages: Stage[], stage: Stage, step: Step): void {
  const { word, rest } = step
  stage.steps.push(step)
  if (word === 'WORKDIR') {
    stage.cwd = rest
    mkdirSync(join(stage.root, rest), { recursive: true })
  } else if (word === 'COPY') copy(stages, stage, rest)
  else if (word === 'RUN') run(stage, rest)
  else if (word === 'ENV') {
    for (const [, name = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value
  }
}

function copy(stages: Stage[], stage: Stage, rest: string): void {
  const words = rest.split(' ')
  const options = words.filter(word => word.startsWith('--'))
  const paths = words.filter(word => !word.startsWith('--'))
  const to = paths.pop() ?? ''
  const option = (name: string) =>
    options.find(it => it.startsWith(`--${name}=`))?.slice(name.length + 3)
  const other = stages.find(({ name }) => name === option('from'))
  const target = join(stage.root, posix.resolve(stage.cwd, to))
  for (const path of paths) {
    if (!other) assertInContext(path)
    const source = other ? join(other.root, path) : join(ROOT, path)
    const isFolder = statSync(source).isDirectory()
    const place = isFolder || !to.endsWith('/') ? target : join(target, posix.basename(path))
    mkdirSync(dirname(place), { recursive: true })
    // A folder gives what is in it.
    if (!isFolder) succeed('cp', ['-p', source, place], '/')
    else {
      mkdirSync(place, { recursive: true })
      if (option('chown')) succeed('cp', ['-R', '-p', `${source}/.`, place], '/')
      else link([`${source}/.`], place)
    }
    const owner = option('chown')
    if (owner && isRoot) own(place === stage.root ? join(source) : place, owner, stage.root)
  }
}

export const isRoot = process.getuid?.() === 0

/** Whether the packages of this clone may be read by others: a clone with a umask of 077 keeps them. */
export function isReadable(): boolean {
  return (statSync(join(ROOT, 'node_modules/express/package.json')).mode & 0o004) !== 0
}

/** Gives what was copied from a folder into another to its owner. */
function own(source: string, owner: string, root: string): void {
  const [uid = 0, gid = 0] = owner.split(':').map(Number)
  const { stdout } = spawnSync('ls', ['-A', source], { encoding: 'utf8' })
  for (const name of stdout.trim().split('\n')) chownSync(join(root, name), uid, gid)
}

/** What .dockerignore keeps from the engine cannot be copied. */
function assertInContext(path: string): void {
  const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('!'))
    .map(line => line.slice(1))
  const isThere = allowed.some(one => path === one || path.startsWith(`${one}/`))
  if (!isThere) throw new Error(`${path} is kept from the engine by .dockerignore`)
}

function run(stage: Stage, command: string): void {
  const cwd = join(stage.root, stage.cwd)
  if (command.startsWith('npm install ')) {
    stage.skipped.push(command)
    copyPackages(cwd, command.includes('--omit=dev') ? [] : COMPILER)
  } else if (/^rm -rf( \/(usr\/local|opt)\/\S+)+$/.test(command)) stage.skipped.push(command)
  else succeed('sh', ['-ec', command], cwd)
}

// Not all that developing needs, which is ten times as much: what the build uses of it.
const COMPILER = ['node_modules/typescript', 'node_modules/@typescript', 'node_modules/@types']

/** The packages that the lock has for production and for every platform, and others. */
function copyPackages(cwd: string, others: readonly string[]): void {
  const paths = entriesOf(readLockfile())
    .filter(([, entry]) => !entry.dev && !('optional' in entry) && !('devOptional' in entry))
    .map(([path]) => path)
    .filter(path => path.lastIndexOf('node_modules/') === 0)
    .filter(path => !others.some(other => path.startsWith(`${other}/`)))
  const all = [...paths, ...others]
  for (const folder of new Set(all.map(dirname))) {
    mkdirSync(join(cwd, folder), { recursive: true })
    const from = all.filter(path => dirname(path) === folder).map(path => join(ROOT, path))
    link(from, join(cwd, folder))
  }
}

/** Node where another user may run it: the clone may be closed to others. */
export function copyNode(folder: string): void {
  mkdirSync(folder)
  link([process.execPath], folder)
}

/** Copies folders as links to their files, where both are on one disk: it takes a second less. */
function link(from: string[], to: string): void {
  if (spawnSync('cp', ['-R', '-l', ...from, to]).status !== 0)
    succeed('cp', ['-R', ...from, to], '/')
}

function succeed(command: string, args: string[], cwd: string): void {
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: cwd }
  const { status, stderr, stdout } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ').slice(0, 200)}: ${stdout}${stderr}`)
}
