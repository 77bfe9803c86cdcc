import { mayOpen } from '../../src/console/console.ts'
import { PAGES } from '../../src/console/pages/index.ts'
import { PEOPLE, type Served, type Who } from './gateway.ts'
import { LEFT_OUT, LINES, type World } from './lines.ts'

/** A filled system that is served, with what its people may ask for. */
export interface Side extends Served {
  worlds: Record<Who, World>
}

/** One answer: which page, asked how, by whom, and the milliseconds until its last byte. */
export interface Timing {
  page: string
  line: string
  status: number
  time: number
}

const POST = 'POST '
// Asked by machines, of the same process.
const BESIDE = ['/health/ready', '/metrics']

/**
 * Names the pages that are asked for.
 * @throws Error for a page of the console that is neither asked for nor left out, and for a line without page
 */
export function pagesToAsk(): string[] {
  const known = PAGES.filter(({ method }) => method === 'get').map(({ path }) => path)
  const lines = Object.keys(LINES).filter(path => !path.startsWith(POST))
  const missing = known.filter(path => !lines.includes(path) && !(path in LEFT_OUT))
  const gone = lines.filter(path => !known.includes(path))
  if (missing.length + gone.length === 0) return [...Object.keys(LINES), ...BESIDE]
  throw new Error(`bench/pages/lines.ts lacks ${missing.join()}; no page is ${gone.join()}`)
}

/** Asks a system for every line of a page, for each person who may open it. @throws Error where it fails */
export async function askPage(side: Side, path: string): Promise<Timing[]> {
  if (BESIDE.includes(path)) {
    const asked = await time(`${side.gateway.url}${path}`, {})
    return [{ page: path, line: path, ...asked, status: 200 }]
  }
  const method = path.startsWith(POST) ? 'post' : 'get'
  const page = PAGES.find(one => one.method === method && one.path === path.replace(POST, ''))
  const timings: Timing[] = []
  for (const who of Object.keys(PEOPLE) as Who[]) {
    if (!page || !mayOpen(side.people[who].session, page)) continue
    const lines = LINES[path]?.(side.worlds[who]) ?? {}
    for (const [name, address] of Object.entries(lines)) {
      const line = [path, name, who].filter(Boolean).join(' · ')
      timings.push({ page: path, line, ...(await ask(side, who, address)) })
    }
  }
  return timings
}

async function ask(side: Side, who: Who, address: string) {
  const { cookie, session } = side.people[who]
  const isPost = address.startsWith(POST)
  const asked = await time(`${side.gateway.url}/console${address.replace(POST, '')}`, {
    headers: { cookie },
    ...(isPost && { method: 'POST', body: new URLSearchParams({ csrf: session.csrf }) }),
  })
  // The officer of one party asks for some things that are not for her, and finds nothing.
  if ([200, 400, 404].includes(asked.status)) return asked
  throw new Error(`${address} answered ${asked.status}`)
}

async function time(url: string, options: RequestInit) {
  const started = performance.now()
  const response = await fetch(url, { redirect: 'manual', ...options })
  await response.arrayBuffer()
  return { status: response.status, time: performance.now() - started }
}
