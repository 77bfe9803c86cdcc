import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, lchownSync, readdirSync, statSync } from 'node:fs'
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
const SHOWN_AS_NOBODY = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`]
const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
// PostgreSQL is asked to stop as soon as this process is gone, however it went.
const DIES_WITH_US = ['--pdeathsig', 'INT']

/**
 * Finds a way to run PostgreSQL here: as we are; or, where we are root, in a user namespace that
 * shows us as "nobody"; or else as the system user "nobody", allowed into folders that are closed to
 * others; or, last, as "nobody" without more, from a copy of the binaries in the data folder.
 * @param root the data folder
 * @throws Error with what each way said, and what to do
 */
export function chooseRunAs(native: string, root: string): RunAs {
  const failures: string[] = []
  for (const way of waysToRun(native, root)) {
    const failure = probe(way)
    if (!failure) return way
    failures.push(failure)
  }
  throw new Error(
    `the PostgreSQL that comes with the program does not run here (${failures.join('; ')}): start ` +
      'as an ordinary user, with HUISBRUG_DATA_DIR in a folder that this user can enter, or point ' +
      'HUISBRUG_DATABASE_URL at a server',
  )
}

function* waysToRun(native: string, root: string): Generator<RunAs> {
  const uid = process.getuid?.() ?? 0
  yield* uid === 0 ? waysOfRoot(native, root) : waysOfUser(join(native, 'bin'), uid)
}

function* waysOfUser(bin: string, uid: number): Generator<RunAs> {
  yield { bin, uid, prefix: ['setpriv', ...DIES_WITH_US] }
  yield { bin, uid, prefix: [] }
  // initdb wants a user with a name; containers run programs as one without.
  yield { bin, uid, prefix: [...SHOWN_AS_NOBODY, 'setpriv', ...DIES_WITH_US] }
}

function* waysOfRoot(native: string, root: string): Generator<RunAs> {
  const bin = join(native, 'bin')
  yield { bin, uid: 0, prefix: [...SHOWN_AS_NOBODY, 'setpriv', ...DIES_WITH_US] }
  // access(2) heeds the capability of an ordinary user with this securebit only.
  const enter = ['--securebits=+no_setuid_fixup', '--inh-caps=+dac_override']
  const entering = ['setpriv', ...enter, '--ambient-caps=+dac_override', ...AS_NOBODY]
  yield { bin, uid: NOBODY, prefix: [...entering, ...DIES_WITH_US] }
  chmodSync(root, 0o711)
  const copy = join(copyBinaries(native, join(root, 'postgres.binaries')), 'bin')
  yield { bin: copy, uid: NOBODY, prefix: ['setpriv', ...AS_NOBODY, ...DIES_WITH_US] }
  yield { bin: copy, uid: NOBODY, prefix: [], switchTo: { uid: NOBODY, gid: NOBODY } }
}

/** Both binaries are found and agree to be run by this user; nothing is written. */
function probe(way: RunAs): string | undefined {
  const [command, args] = commandLine(way, 'initdb', ['--show', '-D', '/nowhere'])
  const run = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000, ...way.switchTo })
  if (run.status === 0) return undefined
  const said = run.error?.message ?? run.stderr.trim().split('\n').at(-1)
  return said || `exit ${run.status ?? run.signal}`
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
