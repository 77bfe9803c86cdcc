import { readdirSync, readFileSync } from 'node:fs'

// Linux tells processor time in hundredths of a second (USER_HZ), whatever the kernel's own clock is.
const TICKS_A_SECOND = 100

/** Memory of a process, in bytes: what is resident now, and the most that ever was. */
export interface Memory {
  resident: number
  peak: number
}

/** What /proc/<pid>/stat says, in seconds of processor time, user and system together. */
interface Stat {
  parent: number
  own: number
  endedChildren: number
}

/** Processor time of a process and of all its threads, in seconds; of one that ended NaN. */
export function processorSeconds(pid: number): number {
  return readStat(pid)?.own ?? Number.NaN
}

/**
 * Processor time of a process and of everything that it started, also of what ended, in seconds: of
 * PostgreSQL by its postmaster.
 */
export function familySeconds(pid: number): number {
  const stats = new Map(pidsOfAll().flatMap(one => entry(one, readStat(one))))
  const children = Map.groupBy(stats.keys(), one => stats.get(one)?.parent)
  const sum = (one: number): number => {
    const { own = 0, endedChildren = 0 } = stats.get(one) ?? {}
    const below = (children.get(one) ?? []).reduce((total, child) => total + sum(child), 0)
    return own + endedChildren + below
  }
  return sum(pid)
}

/** Resident memory of a process. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') }
}

function pidsOfAll(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
}

function entry(pid: number, stat: Stat | undefined): [number, Stat][] {
  return stat ? [[pid, stat]] : []
}

function readStat(pid: number): Stat | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in brackets, may hold anything; what follows it begins with the third field.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    const at = (field: number) => Number(fields[field - 3])
    return {
      parent: at(4),
      own: (at(14) + at(15)) / TICKS_A_SECOND,
      endedChildren: (at(16) + at(17)) / TICKS_A_SECOND,
    }
  } catch {
    // It ended since.
    return undefined
  }
}
