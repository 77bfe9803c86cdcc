import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { addPartyKeys } from '../../src/cli/party-keys.ts'
import { openCall } from '../../src/client/index.ts'
import { sealByHand } from './by-hand.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-party-keys-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function run(...args: string[]): Promise<Record<string, string>> {
  const lines: string[] = []
  const party = new Command('party').configureOutput({ writeOut: text => lines.push(text) })
  party.exitOverride()
  addPartyKeys(party)
  for (const command of party.commands) command.copyInheritedSettings(party)
  await party.parseAsync(['keys', folder, ...args, '--json'], { from: 'user' })
  return JSON.parse(lines.join(''))
}

const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))

test('a new encryption key replaces the one to hand over, and the former stays to open with', async () => {
  await expect(run('--encryption')).rejects.toThrow('make the signing pair first')
  const signing = await run()
  const former = await run('--encryption')
  const sealed = sealByHand({ a: 1 }, read('jwks.json').keys[1], { typ: 'call+jwe', id: 'k' })
  const next = await run('--encryption')
  const { keys } = read('encryption-keys.json')
  expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual([next['kid'], former['kid']])
  const registered = read('jwks.json').keys
  expect(registered.map(({ kid }: { kid: string }) => kid)).toEqual([signing['kid'], next['kid']])
  expect(JSON.stringify(registered)).not.toContain('"d"')
  expect(statSync(join(folder, 'encryption-keys.json')).mode & 0o777).toBe(0o600)
  expect(read('keys.json').publicKey.kid).toBe(signing['kid'])
  expect(await openCall(sealed, 'k', keys)).toEqual({ a: 1 })
})
