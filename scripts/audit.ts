import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// Known weaknesses of what we give to others, where the registry at hand tells them: not all do.

const WAIT_MS = 15_000
const SERIOUS = ['high', 'critical']

export interface Verdict {
  ok: boolean
  lines: string[]
}

/** What `npm audit --json` said: serious weaknesses fail, a registry that says nothing does not. */
export function judgeAudit(output: string): Verdict {
  const answer = parse(output)
  const counts = answer?.metadata?.vulnerabilities
  if (!counts) return { ok: true, lines: ['npm audit: skipped, the registry does not offer it'] }
  const serious = Object.values(answer.vulnerabilities ?? {}).filter(({ severity }) =>
    SERIOUS.includes(severity),
  )
  const told = Object.entries(counts).filter(([level, count]) => level !== 'total' && count > 0)
  const summary = told.map(([level, count]) => `${count} ${level}`).join(', ') || 'nothing known'
  return {
    ok: serious.length === 0,
    lines: [
      `npm audit: ${summary}`,
      ...serious.map(({ name, severity, range }) => `${name} ${range}: ${severity}`),
    ],
  }
}

interface Answer {
  metadata?: { vulnerabilities?: Record<string, number> }
  vulnerabilities?: Record<string, { name: string; severity: string; range: string }>
}

function parse(output: string): Answer | undefined {
  try {
    return Object(JSON.parse(output)) as Answer
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  const { stdout } = spawnSync(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    ['audit', '--omit=dev', '--json', '--fetch-retries=0', `--fetch-timeout=${WAIT_MS / 2}`],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
      timeout: WAIT_MS,
      shell: process.platform === 'win32',
      // What npm itself says of a failure names the registry of this machine.
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const { ok, lines } = judgeAudit(stdout ?? '')
  for (const line of lines) process.stdout.write(`${line}\n`)
  process.exitCode = ok ? 0 : 1
}
