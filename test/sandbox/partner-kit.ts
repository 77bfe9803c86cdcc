import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { createClient, type HuisbrugClient } from '../../src/client/index.ts'
import type { Delivery } from '../../src/client/types.ts'
import type { SandboxSettings } from '../../src/sandbox/partner/options.ts'
import type { Seen } from '../../src/sandbox/partner/record.ts'
import { startCommand } from '../support/demo.ts'
import { until } from '../support/until.ts'

/** What `/sandbox/state` tells, as far as tests look at it. */
export interface State {
  scenario: Record<string, unknown>
  day: number
  waiting: { people: number; nextDay?: number }
  deliveries: Delivery[]
  seen: Seen[]
}

/** The sandbox as a partner runs it: a command in a process of its own. */
export interface RunningSandbox {
  settings: SandboxSettings
  /** The synthetic people, as the partner's software reads them from the file. */
  people: Record<string, string>[]
  client(options?: { attempts?: number; privateKey?: JWK }): HuisbrugClient
  state(): Promise<State>
  /** @returns the status and what came back */
  post(path: string, body: object): Promise<{ status: number; body: Record<string, unknown> }>
  /** Ctrl-C. @returns the exit code */
  stop(): Promise<number | null>
}

/** Starts it and waits for its line of settings. @throws Error with what it said where it does not start */
export async function startSandbox(folder: string, args: string[]): Promise<RunningSandbox> {
  const running = startCommand(['sandbox', '--json', '--data', folder, ...args])
  let code: number | null | undefined
  running.ended.then(ended => {
    code = ended.code
  })
  await until(() => code !== undefined || running.output().includes('\n'), 90_000)
  if (code !== undefined) throw new Error(`exit ${code}: ${running.output()}`)
  const settings = JSON.parse(running.output()) as SandboxSettings
  const { gateway, party: partyId, keyFile } = settings
  return {
    settings,
    people: readRows(settings.peopleFile),
    client: ({ attempts = 10, privateKey } = {}) =>
      createClient({
        ...{ gateway, partyId, retry: { attempts } },
        privateKey: privateKey ?? JSON.parse(readFileSync(String(keyFile), 'utf8')).privateKey,
      }),
    state: async () => (await fetch(`${gateway}/sandbox/state`)).json() as Promise<State>,
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const reply = await fetch(`${gateway}/sandbox/${path}`, init)
      return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
    },
    stop: async () => {
      running.child.kill('SIGINT')
      return (await running.ended).code
    },
  }
}

/** The rows of a CSV file that the sandbox wrote, by the names of its first line. */
export function readRows(file: string): Record<string, string>[] {
  const [first = '', ...lines] = readFileSync(file, 'utf8').trim().split('\r\n')
  const names = first.split(',')
  return lines.map(line => {
    const cells = line.split(',')
    return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']))
  })
}

/** One call as it is, without the kit: for what no client of a partner would send. */
export function rawCall(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof rawCall>>>()
  const { method = 'GET', headers = {}, body } = options
  const call = request(url, { method, headers }, answer => {
    let text = ''
    answer.on('data', chunk => {
      text += String(chunk)
    })
    answer.on('end', () =>
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
    )
    answer.on('error', reject)
  })
  call.on('error', reject)
  call.end(body)
  return promise
}

/** A folder for one test file. */
export function testFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'huisbrug-sandbox-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
