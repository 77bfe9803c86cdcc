import { readFileSync, writeSync } from 'node:fs'
import { close as closeInspector, url as inspectorUrl } from 'node:inspector'
import { constants } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { childEnvironment } from './config.ts'
import { faultOf } from './log.ts'

const STANDARD_ERROR = 2
// What writes memory, or what opens the traffic, and cannot be turned off once Node runs.
const NOT_UNDONE = /^--(heapsnapshot-near-heap-limit|tls-keylog)\b/
// Node itself listens for this one where standard output is a terminal.
const OF_THE_TERMINAL = 'SIGWINCH'

/**
 * What the memory of a process holds, national numbers among it, is written nowhere: no diagnostic
 * report, no heap snapshot, no inspector, and an error that nobody caught is told without its message,
 * which may quote input. Called first by each program; bin/start.mjs sees to core dumps before it, for
 * a process cannot lower its own limit.
 * @throws Error where Node was started with a flag that cannot be undone
 */
export function forbidDumps(): void {
  const { NODE_OPTIONS = '' } = childEnvironment({})
  const flags = [...process.execArgv, ...NODE_OPTIONS.split(/[\s"]+/)]
  const kept = flags.map(flag => flag.replaceAll('_', '-')).find(flag => NOT_UNDONE.test(flag))
  if (kept) {
    const flag = kept.split('=')[0]
    throw new Error(`${flag} would write what is in memory, or open what is sent: start without it`)
  }
  Object.assign(process.report, {
    reportOnFatalError: false,
    reportOnSignal: false,
    reportOnUncaughtException: false,
    excludeEnv: true,
    excludeNetwork: true,
  })
  setFlagsFromString('--no-abort-on-uncaught-exception')
  // --heapsnapshot-signal is a listener like any other; nothing else listens yet.
  for (const signal of Object.keys(constants.signals)) {
    if (signal !== OF_THE_TERMINAL) process.removeAllListeners(signal)
  }
  // Without a listener this signal opens the inspector, through which anyone here reads the memory.
  if (process.platform !== 'win32') process.on('SIGUSR1', () => {})
  if (inspectorUrl()) closeInspector()
  process.on('uncaughtException', endWithout)
  // Else --abort-on-uncaught-exception would still count here.
  process.on('unhandledRejection', endWithout)
}

// By hand: the log may be what failed, and nothing written after this would arrive.
function endWithout(error: unknown): never {
  const line = {
    level: 'error',
    message: 'the program ended by an error of its own',
    timestamp: new Date().toISOString(),
    ...faultOf(error),
  }
  writeSync(STANDARD_ERROR, `${JSON.stringify(line)}\n`)
  process.exit(1)
}

/** What the system lets a crash of this process write, and what to do about it. */
export interface CoreLimit {
  ok: boolean
  detail: string
  remedy: string
}

const REMEDY =
  'Start by bin/huisbrug.mjs or npm, or set the limit to 1 byte: LimitCORE=1, --ulimit core=1.'

/**
 * Whether a crash of this process could leave a core dump, by its limit (Linux; elsewhere unknown). The
 * kernel passes a dump to a program, where `core_pattern` names one, even with a limit of 0: of 1 it does
 * not (core(5); fs/coredump.c).
 */
export function readCoreLimit(
  limits = readSystem('/proc/self/limits'),
  pattern = readSystem('/proc/sys/kernel/core_pattern'),
): CoreLimit {
  const limit = /^Max core file size\s+(\S+)/m.exec(limits ?? '')?.[1]
  if (limit === undefined) return { ok: true, detail: 'not known on this system', remedy: REMEDY }
  const piped = /^[|@]/.test(pattern ?? '')
  const ok = limit === '1' || (limit === '0' && !piped)
  const where = piped ? ', and dumps go to a program' : ''
  return { ok, detail: `at most ${limit} bytes${limit === '1' ? '' : where}`, remedy: REMEDY }
}

function readSystem(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
