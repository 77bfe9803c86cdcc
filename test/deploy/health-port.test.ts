import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { readConfig } from '../../src/config.ts'
import { startGateway } from '../../src/gateway.ts'
import { startKeyService } from '../../src/key-service.ts'
import { createLogger } from '../../src/log.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const SECRET = { HUISBRUG_EVALUATOR_SECRET: randomBytes(32).toString('base64url') }
let folder: string
let db: TestDatabase

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-health-'))
  db = await testDatabase()
})
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true, force: true })
})

test.each<[string, Record<string, string>, string, typeof startGateway | typeof startKeyService]>([
  ['a worker', {}, 'worker', startGateway],
  ['a key service', SECRET, 'evaluator,sequencer', startKeyService],
])(
  '%s tells health on its own port, and nothing else',
  async (_, more, roles, start) => {
    const logged: string[] = []
    const log = createLogger(
      'info',
      new PassThrough().on('data', it => logged.push(String(it))),
    )
    const config = readConfig({
      HUISBRUG_PORT: '0',
      HUISBRUG_HEALTH_PORT: '0',
      HUISBRUG_DATABASE_URL: db.url,
      HUISBRUG_DATA_DIR: folder,
      HUISBRUG_ROLES: roles,
      ...more,
    })
    const running = await start(config, log)
    const lines = logged
      .join('')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    const { url } = lines.find(line => String(line.message).startsWith('health and figures'))
    const ask = async (path: string) => (await fetch(`${url}${path}`)).status
    try {
      expect(await ask('/health/live')).toBe(200)
      expect([200, 503]).toContain(await ask('/health/ready'))
      expect(await ask('/metrics')).toBe(200)
      for (const path of ['/v1/protocols', '/openapi.json', '/console', '/evaluator/status'])
        expect([path, await ask(path)]).toEqual([path, 404])
    } finally {
      await running.close()
    }
    await expect(ask('/health/live')).rejects.toThrow()
  },
  60_000,
)
