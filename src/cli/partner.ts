import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { lines } from './output.ts'
import { addHousing } from './partner-housing.ts'
import { addMessages } from './partner-messages.ts'
import { PROFILE_FILE } from './partner-profile.ts'
import { addFeedback, addRegister } from './partner-register.ts'
import {
  type Partner,
  type PartnerReport,
  partnerCommand,
  type RunOptions,
  runPartner,
} from './partner-run.ts'
import { addWebhook } from './partner-webhook.ts'
import { makeEncryptionKeys, makeKeys } from './party-keys.ts'

interface InitOptions {
  url: string
  party: string
  file: string
  folder: string
  protocol?: string
  logKey?: string
  encryption?: boolean
  json?: boolean
}

/**
 * `huisbrug partner …`: what the back office of a party, or VDAB, does at a gateway. It needs no database
 * and no secret of the gateway: only an address and the own private key (docs/kit.md).
 */
export function partnerCommands(): Command {
  const partner = new Command('partner').description(
    'what a party does at a gateway, with its own key',
  )
  addInit(partner)
  partnerCommand(partner, 'sign-in', 'fetch a token: are address, key and party in order').action(
    (options: RunOptions, command: Command) => runPartner(command, options, signIn),
  )
  partnerCommand(partner, 'protocols', 'the publication list of the gateway').action(
    (options: RunOptions, command: Command) => runPartner(command, options, listProtocols),
  )
  addMessages(partner)
  addHousing(partner)
  addWebhook(partner)
  addRegister(partner)
  addFeedback(partner)
  return partner
}

function addInit(partner: Command): void {
  partner
    .command('init')
    .description(`write ${PROFILE_FILE}, and make a key pair where there is none`)
    .requiredOption('--url <url>', 'the gateway, such as https://gateway.example')
    .requiredOption('--party <id>', 'who you are: the party id that the operator gave you')
    .option('--file <file>', 'where to write the settings', PROFILE_FILE)
    .option('--folder <folder>', 'where the keys are, or are made', 'keys')
    .option('--encryption', 'also a pair to receive envelopes with, where a protocol asks for it')
    .option('--protocol <id>', 'the protocol that is meant where a command names none')
    .option('--log-key <key>', "the verifier key of the gateway's audit log, to prepare a register")
    .option('--json', 'print JSON')
    .action(async (options: InitOptions, command: Command) => {
      const made = await init(options)
      const text = [
        `Wrote ${made.profile}`,
        `  keys: ${made.keys}${made.isNew ? ' (new: keep keys.json secret)' : ' (already there)'}`,
        `Hand ${made.jwks} to the operator of the gateway, for: huisbrug party add --jwks`,
        'Then see whether it works: huisbrug partner sign-in',
      ]
      const out = command.configureOutput()
      out.writeOut?.(options.json ? `${JSON.stringify(made)}\n` : lines(text))
    })
}

/** @throws Error where there are settings already, or a file cannot be written */
async function init(options: InitOptions) {
  const { url, party, folder, protocol, logKey, encryption } = options
  const profile = resolve(options.file)
  if (existsSync(profile)) throw new Error(`${profile} is there already: change or remove it`)
  const keys = resolve(folder)
  const isNew = !existsSync(join(keys, 'keys.json'))
  if (isNew) await makeKeys(keys)
  const sealed = join(keys, 'encryption-keys.json')
  if (encryption && !existsSync(sealed)) await makeEncryptionKeys(keys)
  const from = (file: string) => relative(dirname(profile), file)
  writeProfile(profile, {
    gateway: url,
    party,
    keyFile: from(join(keys, 'keys.json')),
    ...(existsSync(sealed) && { encryptionKeysFile: from(sealed) }),
    ...(protocol !== undefined && { protocol }),
    ...(logKey !== undefined && { logKey }),
  })
  return { profile, keys, jwks: join(keys, 'jwks.json'), isNew }
}

function writeProfile(file: string, content: object): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
  } catch {
    throw new Error(`${file} cannot be written: give a folder in which you may write`)
  }
}

async function signIn({ client, profile }: Partner): Promise<PartnerReport> {
  const { scope, expiresAt, bound } = await client.signIn()
  const { gateway, party, privateKey } = profile
  return {
    json: { gateway, party, kid: privateKey.kid, scope, expiresAt, bound },
    text: [
      `${gateway} knows ${party} by key ${privateKey.kid}`,
      `  token until ${expiresAt.toISOString()}${bound ? ', bound to this process' : ''}`,
      `  it allows: ${scope.join(' ')}`,
    ],
  }
}

async function listProtocols({ client }: Partner): Promise<PartnerReport> {
  const json = await client.protocols()
  const text = json.items.map(
    ({ protocolId, version, kind, state, title }) =>
      `${protocolId}  ${version}  ${kind}  ${state}  ${title}`,
  )
  return { json, text: text.length > 0 ? text : ['The gateway has no protocol that it can read.'] }
}
