import { setTimeout as pause } from 'node:timers/promises'
import { openCheckpoint } from '../../src/audit/checkpoint.ts'
import { loadLogVerifierKey, loadLogVerifierKeys } from '../../src/audit/log-key.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { PublishedCheckpoints } from '../../src/audit/published.ts'
import { latestCheckpoint } from '../../src/audit/query.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { recoverLog } from '../../src/audit/recover.ts'
import { type Sequencer, sequenceOnce, startSequencer } from '../../src/audit/sequencer.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { LocalKey } from '../../src/keys/provider.ts'
import { SigningCommand } from '../../src/keys/signing-command.ts'
import { createVault, type Vault } from '../keys/vault.ts'
import { PATIENCE, until } from '../support/until.ts'
import { drafts, ORIGIN, TEST_MASTER_KEY, type TestLog, testLog } from './support.ts'

let log: TestLog
let vault: Vault
let running: Sequencer | undefined

beforeEach(async () => {
  log = await testLog()
  vault = createVault()
})
afterEach(async () => {
  vault.set('ok')
  await running?.close()
  running = undefined
  await log.close()
  vault.close()
})

/** The program with the key of the log at a command. */
function withCommand(timeoutMs = 8_000) {
  const command = new SigningCommand({ argv: vault.argv, env: { PATH: '' }, timeoutMs })
  const keys = new KeyStore(log.pool, { current: new LocalKey(TEST_MASTER_KEY), log: command })
  return { ...log.parts, keys }
}

const verbs = () => vault.calls().map(({ verb }) => verb)
const sizeOf = async () => (await latestCheckpoint(log.pool))?.size ?? 0

test('a command holds the key: asked once for its name, once a batch to sign, by the leader only', async () => {
  const parts = withCommand()
  await recordEntries(log.pool, drafts(300))
  expect(await sequenceOnce(parts)).toBe(300)
  await recordEntries(log.pool, drafts(2, 300))
  await sequenceOnce(parts)
  expect(verbs()).toEqual(['sign-id', 'sign', 'sign'])
  const key = await loadLogVerifierKey(withCommand().keys, ORIGIN)
  const note = (await latestCheckpoint(log.pool))?.note ?? ''
  expect(openCheckpoint(note, noteVerifier(key))).toMatchObject({ origin: ORIGIN, size: 302 })
  expect((await verifyLog(log.pool, key)).problems).toEqual([])
  // The database has no key that signs, and the command got nothing of ours.
  const { rows } = await log.pool.query("SELECT name FROM wrapped_key WHERE name = 'sign:log'")
  expect(rows).toEqual([])
  expect(JSON.stringify(vault.calls().map(it => it.env))).not.toContain('HUISBRUG')
})

test.each(['fail', 'garbage', 'wrong', 'silent', 'half-way'] as const)(
  'nothing is signed while the command does this: %s; then it goes on',
  async mode => {
    const parts = withCommand()
    await recordEntries(log.pool, drafts(3))
    await sequenceOnce(parts)
    vault.set(mode)
    await recordEntries(log.pool, drafts(3, 3))
    await expect(sequenceOnce(parts)).rejects.toThrow(/^the key command .*\(sign\): run it by hand/)
    expect(await sizeOf()).toBe(3)
    vault.set('ok')
    // The server may take a moment to let go of the lead of a connection that was closed.
    expect(await until(() => sequenceOnce(parts))).toBe(3)
    expect((await verifyLog(log.pool, await loadLogVerifierKey(parts.keys, ORIGIN))).ok).toBe(true)
  },
)

test('a command that hangs is given up in time; a slow one slows the batches down, and no more', async () => {
  const troubles: string[] = []
  const quiet = {
    info: () => quiet,
    warn: () => quiet,
    error: (_: string, it: object) => troubles.push(JSON.stringify(it)),
  }
  running = startSequencer({ ...withCommand(2_500), log: quiet as never })
  await recordEntries(log.pool, drafts(1))
  await until(async () => (await sizeOf()) === 1)
  vault.set('hang')
  await recordEntries(log.pool, drafts(1, 1))
  const from = performance.now()
  await until(async () => troubles.length > 0)
  expect(performance.now() - from).toBeLessThan(PATIENCE * 6_000)
  expect(troubles[0]).toContain('did not answer within 2.5 s (sign)')
  expect(await sizeOf()).toBe(1)
  vault.set('slow')
  await recordEntries(log.pool, drafts(2_000, 2))
  await until(async () => (await sizeOf()) === 2_002)
  expect(troubles).toHaveLength(1)
})

test('a leader that waits for its key longer than a silent one may be is not cut off', async () => {
  const command = {
    publicKey: () => inner.publicKey(),
    sign: async (text: string) => {
      await pause(6_000)
      return inner.sign(text)
    },
  }
  const inner = new SigningCommand({ argv: vault.argv, env: { PATH: '' }, timeoutMs: 8_000 })
  const keys = new KeyStore(log.pool, { current: new LocalKey(TEST_MASTER_KEY), log: command })
  await recordEntries(log.pool, drafts(2))
  expect(await sequenceOnce({ ...log.parts, keys })).toBe(2)
})

test('a log is not gone on with under another key, unless a person begins a new one', async () => {
  await recordEntries(log.pool, drafts(3))
  await log.sequence()
  await recordEntries(log.pool, drafts(1, 3))
  const moved = withCommand()
  await expect(sequenceOnce(moved)).rejects.toMatchObject({ code: 'log-key-differs' })
  expect(await sizeOf()).toBe(3)
  const published = new PublishedCheckpoints('/nowhere')
  const recovered = await recoverLog({ ...moved, published }, 'The key moved to the vault')
  expect(recovered).toMatchObject({ origin: `${ORIGIN}/2`, kept: 3, published: undefined })
  expect(await sequenceOnce(moved)).toBe(2)
  const keys = await loadLogVerifierKeys(moved.keys, ORIGIN)
  expect((await verifyLog(log.pool, keys)).problems).toEqual([])
  // Who was left with the former key signs nothing more.
  await expect(log.sequence()).rejects.toMatchObject({ code: 'log-key-differs' })
})
