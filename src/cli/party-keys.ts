import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { generateEncryptionKeyPair, generateKeyPair, type KeyPair, toJwks } from '../client/keys.ts'

/** What was made, by the files that hold it. */
interface Made {
  kid: string
  privateFile: string
  publicFile: string
}

/**
 * `huisbrug party keys <folder>`: makes a party's key pair (Ed25519) on this machine, with
 * `--encryption` one to receive envelopes with (X25519). It asks no gateway and no database: the
 * private key is made by whoever has to keep it.
 */
export function addPartyKeys(party: Command): void {
  party
    .command('keys <folder>')
    .description('make a key pair for a party: keys.json to keep secret, jwks.json to hand over')
    .option('--encryption', 'one to receive envelopes with, beside the pair of the folder')
    .option('--json', 'print JSON')
    .action(async (folder: string, options: Options, command: Command) => {
      const { json, encryption } = options
      const made = encryption ? await makeEncryptionKeys(folder) : await makeKeys(folder)
      const use = encryption ? 'to open envelopes with' : 'for protocol sign --key'
      const text = [
        `Made a key pair, kid ${made.kid}`,
        `  ${made.privateFile}  private: keep it; ${use}`,
        `  ${made.publicFile}  public: for party ${encryption ? 'rotate' : 'add'} --jwks`,
      ]
      command.configureOutput().writeOut?.(`${json ? JSON.stringify(made) : text.join('\n')}\n`)
    })
}

interface Options {
  json?: boolean
  encryption?: boolean
}

/**
 * Writes `keys.json` (the pair, mode 600) and `jwks.json` (a JWK set) in a folder.
 * @throws Error where there is a key already: it is never overwritten
 */
export async function makeKeys(folder: string): Promise<Made> {
  const [privateFile, publicFile] = [join(folder, 'keys.json'), join(folder, 'jwks.json')]
  const pair = await generateKeyPair()
  writeNew(folder, privateFile, pair)
  writeNew(folder, publicFile, toJwks(pair))
  return { kid: String(pair.publicKey.kid), privateFile, publicFile }
}

/**
 * Makes a pair for envelopes beside the signing pair of a folder: `encryption-keys.json` (a private JWK set, the
 * newest first; former ones stay, for what was sent before) and `jwks.json` with the newest one only.
 * @throws Error where the folder has no signing pair
 */
export async function makeEncryptionKeys(folder: string): Promise<Made> {
  const privateFile = join(folder, 'encryption-keys.json')
  const publicFile = join(folder, 'jwks.json')
  const signing = readPair(join(folder, 'keys.json'))
  const pair = await generateEncryptionKeyPair()
  const former = existsSync(privateFile) ? readJson<{ keys: object[] }>(privateFile).keys : []
  writeOver(privateFile, { keys: [pair.privateKey, ...former] })
  writeOver(publicFile, toJwks(signing, pair))
  return { kid: String(pair.publicKey.kid), privateFile, publicFile }
}

function readPair(file: string): KeyPair {
  if (!existsSync(file)) {
    throw new Error(`${file} is not there: make the signing pair first, without --encryption`)
  }
  return readJson<KeyPair>(file)
}

function readJson<T>(file: string): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    throw new Error(`${file} cannot be read, or is not JSON`)
  }
}

/** Whole or not at all: a private key is never half written. */
function writeOver(file: string, content: object): void {
  try {
    const text = `${JSON.stringify(content, null, 2)}\n`
    writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true })
    renameSync(`${file}.new`, file)
  } catch {
    throw new Error(`${file} cannot be written: give a folder in which you may write`)
  }
}

function writeNew(folder: string, file: string, content: object): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    if (exists) throw new Error(`${file} is there already: give another folder`)
    throw new Error(`${file} cannot be written: give a folder in which you may write`)
  }
}
