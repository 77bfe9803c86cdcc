import { spawnSync } from 'node:child_process'
import { chownSync, lchownSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { copyBinaries } from './embedded-binaries.ts'

/** As whom and how PostgreSQL is run: it refuses to be run by root. */
export interface RunAs {
  bin: string
  prefix: string[]
  /** Owner that the data files must have. */
  uid: number
  /** Set where the operating system's spawn has to change the user. */
  switchTo?: { uid: number; gid: number }
}

const NOBODY = 65534
const DIES_WITH_US = ['--pdeathsig', 'INT']

/**
 * Finds a way to run PostgreSQL here: as we are; or, where we are root, in a user namespace that
 * shows us as "nobody", or else as the system user "nobody", who may then still enter folders that
 * are closed to others; or, last, as plain "nobody" from a copy of the binaries.
 * @throws Error with what each way said, and what to do
 */
export function chooseRunAs(native: string, spare: string): RunAs {
  const failures: string[] = []
  for (const way of waysToRun(native, spare)) {
    const failure = probe(way)
    if (!failure) return way
    failures.push(failure)
  }
  throw new Error(
    `the PostgreSQL that comes with the program does not run here (${failures.join('; ')}): ` +
      'start as an ordinary user, or point HUISBRUG_DATABASE_URL at a server',
  )
}

function* waysToRun(native: string, spare: string): Generator<RunAs> {
  const bin = join(native, 'bin')
  const uid = process.getuid?.() ?? 0
  if (uid !== 0) {
    yield { bin, uid, prefix: ['setpriv', ...DIES_WITH_US] }
    yield { bin, uid, prefix: [] }
    return
  }
  const mapped = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`]
  yield { bin, uid, prefix: [...mapped, 'setpriv', ...DIES_WITH_US] }
  const nobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  const enter = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override']
  yield { bin, uid: NOBODY, prefix: ['setpriv', ...nobody, ...enter, ...DIES_WITH_US] }
  const copy = join(copyBinaries(native, spare), 'bin')
  yield { bin: copy, uid: NOBODY, prefix: ['setpriv', ...nobody, ...DIES_WITH_US] }
  yield { bin: copy, uid: NOBODY, prefix: [], switchTo: { uid: NOBODY, gid: NOBODY } }
}

function probe(way: RunAs): string | undefined {
  const [command, args] = commandLine(way, 'postgres', ['--version'])
  const run = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000, ...way.switchTo })
  if (run.status === 0) return undefined
  const said = run.error?.message ?? run.stderr.trim().split('\n').at(-1)
  return `${way.prefix[0] ?? 'plain'}: ${said || `exit ${run.status ?? run.signal}`}`
}

/** The command and arguments that run one of the binaries that way. */
export function commandLine(way: RunAs, binary: string, args: string[]): [string, string[]] {
  const [command, ...rest] = [...way.prefix, join(way.bin, binary), ...args]
  return [command as string, rest]
}

/** Gives the folder to that owner, where an earlier start ran PostgreSQL another way. */
export function ensureOwner(folder: string, uid: number): void {
  if (statSync(folder).uid === uid || process.getuid?.() !== 0) return
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(folder, entry), uid, uid)
  }
  chownSync(folder, uid, uid)
}
