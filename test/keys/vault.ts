import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandKey } from '../../src/keys/command-key.ts'

const SCRIPT = fileURLToPath(new URL('key-command.mjs', import.meta.url))

export type Mode =
  | 'ok'
  | 'hang'
  | 'fail'
  | 'garbage'
  | 'silent'
  | 'flood'
  | 'half-way'
  | 'wrong'
  | 'slow'

/** What the command saw of one call. */
interface Call {
  pid: number
  verb: string
  argv: string[]
  env: Record<string, string>
}

/** A vault in a folder of its own, reached through a real command. */
export interface Vault {
  argv: string[]
  /** The key that only the command knows. */
  key: Buffer
  set(mode: Mode): void
  calls(): Call[]
  open(options?: { timeoutMs?: number; rememberMs?: number }): Promise<CommandKey>
  close(): void
}

export function createVault(): Vault {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-vault-'))
  const key = randomBytes(32)
  writeFileSync(join(folder, 'key'), key.toString('base64url'))
  const set = (mode: Mode) => writeFileSync(join(folder, 'mode'), mode)
  set('ok')
  const argv = [process.execPath, SCRIPT, folder]
  const calls = join(folder, 'calls')
  return {
    argv,
    key,
    set,
    calls: () =>
      existsSync(calls)
        ? readFileSync(calls, 'utf8')
            .trimEnd()
            .split('\n')
            .map(line => JSON.parse(line) as Call)
        : [],
    open: ({ timeoutMs = 20_000, rememberMs = 0 } = {}) =>
      CommandKey.open({ argv, env: { PATH: '/usr/bin:/bin' }, timeoutMs, rememberMs }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
