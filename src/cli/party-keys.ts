import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { generateKeyPair, toJwks } from '../client/keys.ts'

/**
 * `huisbrug party keys <folder>`: makes a party's key pair (Ed25519) on this machine. It asks no
 * gateway and no database: the private key is made by whoever has to keep it.
 */
export function addPartyKeys(party: Command): void {
  party
    .command('keys <folder>')
    .description('make a key pair for a party: keys.json to keep secret, jwks.json to hand over')
    .option('--json', 'print JSON')
    .action(async (folder: string, { json }: { json?: boolean }, command: Command) => {
      const made = await makeKeys(folder)
      const text = [
        `Made a key pair, kid ${made.kid}`,
        `  ${made.privateFile}  private: keep it; for protocol sign --key`,
        `  ${made.publicFile}  public: for party add --jwks`,
      ]
      command.configureOutput().writeOut?.(`${json ? JSON.stringify(made) : text.join('\n')}\n`)
    })
}

/**
 * Writes `keys.json` (the pair, mode 600) and `jwks.json` (a JWK set) in a folder.
 * @throws Error where there is a key already: it is never overwritten
 */
export async function makeKeys(
  folder: string,
): Promise<{ kid: string; privateFile: string; publicFile: string }> {
  const [privateFile, publicFile] = [join(folder, 'keys.json'), join(folder, 'jwks.json')]
  const pair = await generateKeyPair()
  writeNew(folder, privateFile, pair)
  writeNew(folder, publicFile, toJwks(pair))
  return { kid: String(pair.publicKey.kid), privateFile, publicFile }
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
