import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { RegisterStore } from '../../src/client/blind.ts'
import { generateKeyPair } from '../../src/pseudonym/voprf.ts'
import { cleanUp, DOMAIN, newFolder, openStore } from './register-support.ts'
import { hex, numbersOf } from './support.ts'

const driver = fileURLToPath(new URL('./register-driver.ts', import.meta.url))
const key = generateKeyPair()

afterEach(cleanUp)

interface Report {
  seen: number
  added: number
  known: number
  evaluated: number
  held: number
}

function start(
  folder: string,
  people: number,
  batchSize: number,
  flags: string[] = [],
): ChildProcess {
  const values = [folder, people, batchSize, hex(key.secretKey)].map(String)
  const args = ['--no-warnings', ...flags, driver, ...values]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function finish(child: ChildProcess, lines: string[] = []): Promise<Report> {
  for await (const line of createInterface(child.stdout!)) lines.push(line)
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.exitCode).toBe(0)
  return JSON.parse(lines.at(-1)!) as Report
}

/** Kills with SIGKILL as soon as so many batches are stored. */
async function killAfter(child: ChildProcess, batches: number): Promise<void> {
  const exit = once(child, 'exit')
  let seen = 0
  for await (const _ of createInterface(child.stdout!)) if (++seen >= batches) child.kill('SIGKILL')
  expect((await exit)[1]).toBe('SIGKILL')
}

describe('a register run in a process of its own', () => {
  test('stopped by kill -9 goes on where it was', async () => {
    const folder = newFolder()
    await killAfter(start(folder, 1_000, 100), 3)
    const after = openStore(folder)
    after.openDomain(DOMAIN, key.publicKey)
    const kept = after.count(DOMAIN)
    after.close()
    expect(kept).toBeGreaterThanOrEqual(300)
    expect(kept).toBeLessThan(1_000)
    const report = await finish(start(folder, 1_000, 100))
    expect(report).toMatchObject({ seen: 1_000, known: kept, added: 1_000 - kept, held: 1_000 })
    expect(report.evaluated).toBe(1_000 - kept)
    const whole = openStore(folder)
    whole.openDomain(DOMAIN, key.publicKey)
    expect(numbersOf(1_000).every(number => whole.findByNumber(DOMAIN, number))).toBe(true)
  })

  test('keeps its store from another process while it runs, not after', async () => {
    const folder = newFolder()
    const child = start(folder, 400, 50)
    const [line] = await once(createInterface(child.stdout!), 'line')
    expect(JSON.parse(line).added).toBe(50)
    expect(() => new RegisterStore(folder)).toThrow(
      expect.objectContaining({ code: 'store-in-use' }),
    )
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(() => openStore(folder)).not.toThrow()
  })

  // Some ten seconds of arithmetic where nothing else runs, several times that on a busy machine.
  test('prepares 20,000 people in a heap of 32 MB, and holds no more than for 5,000', async () => {
    const flags = ['--max-old-space-size=32', '--expose-gc']
    const lines: string[] = []
    const report = await finish(start(newFolder(), 20_000, 2_500, flags), lines)
    expect(report).toMatchObject({ seen: 20_000, added: 20_000, held: 20_000, evaluated: 20_000 })
    const held = lines.slice(0, 8).map(line => JSON.parse(line) as { retained: number })
    // Keys and slots in memory would be some 50 bytes for each of the 15,000 in between: 750 kB.
    const grown = (held[7]?.retained ?? Number.NaN) - (held[1]?.retained ?? Number.NaN)
    expect(grown).toBeLessThan(300_000)
  }, 300_000)
})
