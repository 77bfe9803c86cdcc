import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../support/until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LONGEST_MS = 60_000

/** A block of commands of a page, with what the page says that it prints. */
export interface Block {
  /** In a second terminal, where it goes on until the page ends; or nothing: what that terminal shows by now. */
  kind: 'sh' | 'sh stays' | 'text second terminal'
  commands: string
  /** Whole lines; `…` stands for anything. Others may come between them. */
  prints: string[]
}

/**
 * The commands of a page, in order: its fences with `sh`, and `sh stays` for what runs in a second terminal. A
 * fence with `text` right after one is what it prints, `text second terminal` what the last of those shows by then.
 */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  const fences = markdown.matchAll(/^```(sh stays|sh|text second terminal|text)\n(.*?)^```$/gms)
  for (const [, kind, content = ''] of fences) {
    const lines = content.split('\n').filter(line => line.trim() !== '')
    if (kind === 'text') blocks.at(-1)?.prints.push(...lines)
    else if (kind === 'text second terminal') blocks.push({ kind, commands: '', prints: lines })
    else blocks.push({ kind: kind as Block['kind'], commands: content, prints: [] })
  }
  return blocks
}

/** Which of the lines that a page promises did not come, in order; undefined where all did. */
export function missingLine(output: string, prints: readonly string[]): string | undefined {
  const lines = output.split(/\r?\n/)
  let at = 0
  return prints.find(expected => {
    const parts = expected.trim().split('…')
    const pattern = parts.map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')
    const found = lines.findIndex((line, i) => i >= at && RegExp(`^${pattern}$`).test(line.trim()))
    at = found + 1
    return found < 0
  })
}

/** A folder with nothing in it but the package, as it is after `npm install`, and its command on the PATH. */
export function freshFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-quickstart-'))
  const bin = mkdtempSync(join(tmpdir(), 'huisbrug-bin-'))
  symlinkSync(join(ROOT, 'bin/huisbrug.mjs'), join(bin, 'huisbrug'))
  const kit = join(folder, 'node_modules/huisbrug')
  mkdirSync(kit, { recursive: true })
  const entries = { './client': './client.js', './register': './register.js' }
  writeFileSync(join(kit, 'package.json'), JSON.stringify({ type: 'module', exports: entries }))
  writeFileSync(join(kit, 'client.js'), `export * from '${ROOT}src/client/index.ts'`)
  writeFileSync(join(kit, 'register.js'), `export * from '${ROOT}src/client/register.ts'`)
  // Kept code makes every command start in half the time.
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(HUISBRUG_|NODE_(?!COMPILE_CACHE)|npm_)/.test(name),
  )
  const PATH = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter)
  const env = { ...Object.fromEntries(kept), PATH, HOME: folder }
  const remove = () => [folder, bin].map(one => rmSync(one, { recursive: true, force: true }))
  return { folder, env, remove }
}

/** Runs a page word by word; @throws Error that names the block and what came instead. */
export async function runPage(path: string): Promise<number> {
  const markdown = readFileSync(join(ROOT, path), 'utf8')
  await portsFree(markdown)
  const { folder, env, remove } = freshFolder()
  const terminals: Terminal[] = []
  try {
    const blocks = blocksOf(markdown)
    for (const block of blocks) {
      if (block.kind === 'sh') runBlock(block, folder, env)
      else {
        if (block.kind === 'sh stays') terminals.push(open(block.commands, folder, env))
        await seeIn(terminals.at(-1), block.prints)
      }
    }
    return blocks.length
  } finally {
    for (const { child } of terminals.reverse()) await stop(child)
    remove()
  }
}

function runBlock({ commands, prints }: Block, cwd: string, env: NodeJS.ProcessEnv): void {
  const options = { cwd, env, encoding: 'utf8' as const, timeout: 4 * LONGEST_MS }
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--norc', '-euo', 'pipefail', '-c', commands],
    options,
  )
  const missing = missingLine(stdout + stderr, prints)
  if (status !== 0) throw wrong(`exit ${status}`, commands, stdout + stderr)
  if (missing !== undefined) throw wrong(`not there: ${missing}`, commands, stdout + stderr)
}

interface Terminal {
  child: ChildProcess
  commands: string
  shown: string[]
}

function open(commands: string, cwd: string, env: NodeJS.ProcessEnv): Terminal {
  const child = spawn('bash', ['--norc', '-c', commands], { cwd, env, detached: true })
  const shown: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => shown.push(String(chunk)))
  return { child, commands, shown }
}

async function seeIn(terminal: Terminal | undefined, prints: readonly string[]): Promise<void> {
  if (!terminal) throw new Error('no second terminal is open')
  const { child, commands, shown } = terminal
  const missing = () => missingLine(shown.join(''), prints)
  const isThere = () => missing() === undefined || child.exitCode !== null
  await until(isThere, LONGEST_MS).catch(() => {})
  if (missing() !== undefined) throw wrong(`not there: ${missing()}`, commands, shown.join(''))
}

/** As Ctrl-C in its terminal would; what does not end is killed with what it started. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await until(() => child.exitCode !== null || child.signalCode !== null, 10_000).catch(() => {
    process.kill(-Number(child.pid), 'SIGKILL')
  })
}

function wrong(what: string, commands: string, output: string): Error {
  return new Error(`${commands}${what}\nthere was:\n${output.slice(-4_000)}`)
}

/** A page names its ports: another run on this machine may have them for a moment. */
async function portsFree(markdown: string): Promise<void> {
  const ports = new Set(
    [...markdown.matchAll(/(?:127\.0\.0\.1:|localhost:|--port |_PORT=)(\d+)/g)].map(it => it[1]),
  )
  for (const port of ports) await until(() => isFree(Number(port)), LONGEST_MS)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() && false))
    socket.on('error', () => resolve(true))
  })
}
