import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { WM_VDAB } from '../exchange.ts'
import { loadPeerKeys, writeWhole } from '../peer-keys.ts'
import type { SandboxOptions, SandboxSettings } from './options.ts'
import type { People } from './people.ts'
import { type Member, writeText } from './stage.ts'

/**
 * Writes what the partner's software needs into its folder: keys where it gave none, the settings file, and the
 * synthetic people.
 * @param url public URL of the gateway
 */
export async function writeSettings(
  options: SandboxOptions,
  { id, folder }: Member,
  { url, logKey, people, run }: { url: string; logKey: string; people: People; run: string },
): Promise<SandboxSettings> {
  const { role, jwks, webhook, baseUrl, perPerson, seed } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!jwks) await loadPeerKeys(folder)
  const keys = !jwks && {
    keyFile: join(folder, 'keys.json'),
    encryptionKeysFile: join(folder, 'encryption-keys.json'),
  }
  const common = { gateway: url, party: id, ...keys, logKey, protocol: WM_VDAB.protocol }
  const profile = join(folder, 'huisbrug-partner.json')
  // What a command remembers is of a gateway that is gone at the next start.
  writeWhole(profile, { ...common, dataDir: join(run, 'commands') })
  const isVdab = role === 'vdab'
  const peopleFile = join(folder, isVdab ? 'clients.csv' : 'tenants.csv')
  writeText(peopleFile, isVdab ? people.clientsCsv() : people.toCsv())
  const outcomesFile = join(folder, 'outcomes.csv')
  if (!isVdab) writeText(outcomesFile, people.outcomesCsv())
  return {
    ...{ role, ...common, tokenUrl: `${url}/oauth/token`, profile },
    ...{ purpose: WM_VDAB.purpose, targetGroup: WM_VDAB.targetGroup },
    answers: perPerson ? 'person' : 'counts',
    peopleFile,
    ...(isVdab ? { baseUrl } : { outcomesFile, ...(webhook && { webhook }) }),
    ...{ seed, page: `${url}/sandbox`, docs: `${url}/docs` },
  }
}
