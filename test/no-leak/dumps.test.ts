import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readCoreLimit } from '../../src/no-dumps.ts'
import { scanForLeaks } from '../../src/sandbox/leak-scan.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { detectionOf, newNumbers, Replies } from './kit.ts'
import {
  type CrashProgram,
  coreLimitOf,
  DUMP_OPTIONS,
  type Left,
  NEAR_LIMIT,
  startCrashable,
} from './program.ts'

const IDLE = 'test/no-leak/idle.mjs'
const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const LAUNCHED = ['bin/huisbrug.mjs', 'serve']
const DIRECT = ['src/main.ts']
const programs: CrashProgram[] = []

afterEach(async () => {
  for (const program of programs.splice(0)) await program.remove()
})

function start(...args: Parameters<typeof startCrashable>): CrashProgram {
  const program = startCrashable(...args)
  programs.push(program)
  return program
}

describe('a program that is asked for dumps', () => {
  let gateway: TestGateway
  let replies: Replies

  beforeAll(async () => {
    gateway = await testGateway({ roles: 'sequencer' })
    replies = new Replies(gateway)
    const program = await serve(LAUNCHED)
    await openDomain(gateway)
    await program.remove()
  }, 60_000)
  afterAll(async () => {
    await gateway?.close()
  })

  /** The real program, ready, in place of the gateway of the test. */
  async function serve(args: string[], options?: string[]): Promise<CrashProgram> {
    const { config } = gateway.context
    const settings = {
      HUISBRUG_PORT: String(config.port),
      HUISBRUG_PUBLIC_URL: config.publicUrl,
      HUISBRUG_DATA_DIR: config.dataDir,
      HUISBRUG_DATABASE_URL: gateway.db.url,
      HUISBRUG_PROTOCOLS_DIR: gateway.protocolsDir,
      HUISBRUG_ALLOW_LOOPBACK: 'true',
      HUISBRUG_LOG_LEVEL: 'debug',
      HUISBRUG_ROLES: 'api,evaluator',
    }
    const program = start(args, settings, options)
    await until('the program is ready', () => program.output().includes('huisbrug is ready'), 30)
    return program
  }

  const send = (numbers: string[]) =>
    replies.post('/v1/detections', detectionOf(numbers)).catch(() => undefined)

  /** Nothing that it left holds a number: no file at all, in fact, nor its output or the data folder. */
  async function expectNothing(left: Left, program: CrashProgram, numbers: string[]) {
    expect(left.files).toEqual([])
    const files = [program.folder, gateway.context.config.dataDir]
    expect((await scanForLeaks(numbers, { files })).leaks).toEqual([])
    for (const number of numbers) expect(left.output + replies.texts).not.toContain(number)
  }

  test('goes on when threads throw, die or exit, and writes nothing', async () => {
    const program = await serve(LAUNCHED)
    const numbers = newNumbers(40)
    const kinds = ['thread-throws', 'thread-dies', 'thread-exits']
    for (const [turn, kind] of kinds.entries()) {
      await program.crash(kind, numbers)
      const { status } = (await send(numbers.slice(turn * 8, turn * 8 + 8))) ?? {}
      // A thread that dies of what nobody caught may have answered just before.
      expect(kind === 'thread-dies' ? [202, 500] : [500]).toContain(status)
      await until('the next is taken', async () => (await send(newNumbers(2)))?.status === 202, 20)
    }
    const pid = await program.pid()
    // Opens the inspector, and is a request for a heap snapshot, unless it is seen to.
    process.kill(pid, 'SIGUSR1')
    await sleep(300)
    expect((await send(newNumbers(2)))?.status).toBe(202)
    expect(program.output()).not.toContain('Debugger listening')
    await program.crash('SIGTERM', numbers)
    await expectNothing(await program.ended, program, numbers)
  }, 90_000)

  test.each([
    ['an error that nobody caught', 'uncaught'],
    ['abort()', 'abort'],
    ['no memory left', 'runs-out'],
    ['no memory left in a thread', 'thread-runs-out'],
    ['SIGSEGV', 'SIGSEGV'],
    ['SIGUSR2', 'SIGUSR2'],
  ])(
    'leaves nothing after %s',
    async (_, kind) => {
      const program = await serve(LAUNCHED)
      const numbers = newNumbers(40)
      expect(['0', '1']).toContain(coreLimitOf(await program.pid()))
      await program.crash(kind, numbers)
      // Some come through it, and are ended.
      await Promise.race([send(numbers), program.ended, sleep(5_000)])
      await program.kill()
      const left = await program.ended
      expect(left.code).not.toBe(0)
      await expectNothing(left, program, numbers)
      expect(left.output).toContain('--report-on-fatalerror')
      if (kind === 'uncaught')
        expect(left.output).toContain('the program ended by an error of its own')
    },
    60_000,
  )

  test('started without the launcher leaves neither report nor snapshot', async () => {
    for (const kind of ['unhandled', 'SIGIO']) {
      const program = await serve(DIRECT, DUMP_OPTIONS)
      const numbers = newNumbers(40)
      await program.crash(kind, numbers)
      await expectNothing(await program.ended, program, numbers)
    }
  }, 90_000)
})

test.each([
  ['uncaught', /^report\..*\.json$/],
  ['SIGUSR2', /^report\..*\.json$/],
  ['SIGIO', /\.heapsnapshot$/],
])(
  'the same without our care leaves a dump: %s',
  async (kind, expected) => {
    const options = kind === 'uncaught' ? DUMP_OPTIONS.slice(0, -1) : DUMP_OPTIONS
    const program = start([IDLE], {}, options)
    await program.pid()
    const numbers = newNumbers(5)
    await program.crash(kind, numbers)
    if (kind.startsWith('SIG')) await sleep(1_500)
    if (kind.startsWith('SIG')) await program.crash('SIGKILL', [])
    const { files } = await program.ended
    expect(files).toContainEqual(expect.stringMatching(expected))
    const { leaked } = await scanForLeaks(numbers, { files: [program.folder] })
    if (kind !== 'SIGUSR2') expect(leaked).toBeGreaterThan(0)
  },
  60_000,
)

test('a flag that cannot be undone stops the start', () => {
  for (const flag of [NEAR_LIMIT, '--tls-keylog=keys']) {
    const { status, stderr } = spawnSync(process.execPath, ['--no-warnings', flag, CLI, '--help'])
    expect(status).toBe(1)
    expect(String(stderr)).toContain(`${flag.split('=')[0]} would write what is in memory`)
  }
})

test('the launcher leaves out of NODE_OPTIONS what makes dumps, and nothing else', async () => {
  const { withoutDumps } = await import(new URL('../../bin/start.mjs', import.meta.url).href)
  expect(
    withoutDumps(
      `--import "./a b.mjs" --report_on_fatalerror --report-dir "/x y" --max-old-space-size=9
       --inspect-brk=0 --heapsnapshot-signal SIGUSR2 --cpu-prof -r ./c.cjs --prof --tls-keylog k`,
    ),
  ).toEqual({
    options: '--import "./a b.mjs" --max-old-space-size=9 -r ./c.cjs',
    dropped: [
      ...['--report-on-fatalerror', '--report-dir', '--inspect-brk', '--heapsnapshot-signal'],
      ...['--cpu-prof', '--prof', '--tls-keylog'],
    ],
  })
  expect(withoutDumps('')).toEqual({ options: '', dropped: [] })
})

test('the limit of core dumps: what is well and what is not', () => {
  const limits = (size: string) => `Limit\nMax core file size        ${size}     unlimited bytes\n`
  const isWell = (size: string, pattern: string) => readCoreLimit(limits(size), pattern).ok
  expect(isWell('0', 'core')).toBe(true)
  expect(isWell('1', 'core')).toBe(true)
  expect(isWell('1', '|/usr/bin/handler')).toBe(true)
  expect(isWell('0', '|/usr/bin/handler')).toBe(false)
  expect(isWell('unlimited', 'core')).toBe(false)
  expect(readCoreLimit('', '').detail).toBe('not known on this system')
})
