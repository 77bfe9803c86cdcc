import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Answers } from './questions.ts'

/** A file to be written; those with a secret are for their owner alone, as is all of them. */
export interface PlannedFile {
  path: string
  content: string
  what: string
}

/** A file of the configuration is there already. */
export class FileThere extends Error {
  readonly path: string
  constructor(path: string) {
    super(
      `${path} is there already: nothing was written. Take it away first, or name another folder (--out)`,
    )
    this.path = path
  }
}

// Where deploy/compose.yaml puts the folder of secrets.
const IN_CONTAINER = '/run/secrets/huisbrug'

const random = (): string => randomBytes(32).toString('base64url')

/** The files of an installation: its settings, its secrets. Every secret is made here, and is in no output. */
export function planFiles(answers: Answers, out: string): PlannedFile[] {
  const folder = resolve(out)
  const secrets = join(folder, 'secrets')
  const isCompose = answers['compose'] === 'yes'
  const password = isCompose ? random() : undefined
  const files: PlannedFile[] = [
    {
      path: join(folder, 'huisbrug.env'),
      content: settingsOf(answers, isCompose ? IN_CONTAINER : secrets, password),
      what: 'the settings',
    },
    {
      path: join(secrets, 'master.key'),
      content: `${random()}\n`,
      what: 'the master key: keep a copy apart from the database',
    },
  ]
  return answers['oidc-issuer'] ? [...files, ...oidcFiles(secrets)] : files
}

function oidcFiles(secrets: string): PlannedFile[] {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'EdDSA' }
  return [
    {
      path: join(secrets, 'oidc.pem'),
      content: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
      what: 'the key of the gateway at the identity provider',
    },
    {
      path: join(secrets, 'oidc.jwks.json'),
      content: `${JSON.stringify({ keys: [key] }, undefined, 2)}\n`,
      what: 'its public half, to be registered there',
    },
  ]
}

function settingsOf(answers: Answers, secrets: string, password: string | undefined): string {
  const answer = (option: string) => answers[option] ?? ''
  const database = password
    ? `postgres://huisbrug:${password}@postgres:5432/huisbrug`
    : answer('database-url')
  const hasUser = answer('smtp-url').includes('@')
  const lines: [string, string][] = [
    ['HUISBRUG_PUBLIC_URL', answer('public-url')],
    ['HUISBRUG_LOG_ORIGIN', answer('log-origin')],
    ['HUISBRUG_DATABASE_URL', database],
    ['POSTGRES_PASSWORD', password ?? ''],
    ['HUISBRUG_QUEUE_URL', password ? 'redis://redis:6379' : answer('queue-url')],
    ['HUISBRUG_MASTER_KEY_FILE', join(secrets, 'master.key')],
    ['HUISBRUG_PROTOCOLS_DIR', answer('protocols-dir')],
    ['HUISBRUG_DATA_DIR', answer('data-dir')],
    ['HUISBRUG_TRUSTED_PROXIES', answer('trusted-proxies')],
    ...peopleOf(answer, secrets),
    ['HUISBRUG_FOUR_EYES', answer('four-eyes')],
    ['HUISBRUG_ATTENTION_SMTP_URL', answer('smtp-url')],
    ['HUISBRUG_ATTENTION_SMTP_PASSWORD_FILE', hasUser ? join(secrets, 'mail.password') : ''],
    ['HUISBRUG_ATTENTION_FROM', answer('mail-from')],
    ['HUISBRUG_ATTENTION_TO', answer('mail-to')],
  ]
  const given = lines.filter(([, value]) => value !== '')
  const head = '# Made by huisbrug init; every setting, and why: docs/operations.md\n'
  return `${head}${given.map(([name, value]) => `${name}=${quote(value)}\n`).join('')}`
}

function peopleOf(answer: (option: string) => string, secrets: string): [string, string][] {
  if (!answer('oidc-issuer')) return []
  const groups = [
    ['privacy-officer', answer('privacy-officers')],
    ['auditor', answer('auditors')],
    ['operator', answer('operators')],
  ].filter(([, group]) => group !== '')
  const roles = Object.fromEntries(groups.map(([role, group]) => [role, [group]]))
  return [
    ['HUISBRUG_OIDC_ISSUER', answer('oidc-issuer')],
    ['HUISBRUG_OIDC_CLIENT_ID', answer('oidc-client-id')],
    ['HUISBRUG_OIDC_KEY_FILE', join(secrets, 'oidc.pem')],
    ['HUISBRUG_OIDC_ROLES', JSON.stringify({ claim: answer('oidc-claim'), roles })],
  ]
}

// As systemd, Compose and a shell all read it.
function quote(value: string): string {
  return /^[A-Za-z0-9_@%+=:,./?&~-]*$/.test(value) ? value : `'${value}'`
}

/**
 * Writes all of the files or none, each for its owner alone (mode 600; folders 700).
 * @throws FileThere where one is there; Error of the system
 */
export function writeFiles(files: readonly PlannedFile[]): void {
  const there = files.find(({ path }) => existsSync(path))
  if (there) throw new FileThere(there.path)
  const written: string[] = []
  try {
    for (const { path, content } of files) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(path, content, { mode: 0o600, flag: 'wx' })
      written.push(path)
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true })
    throw error
  }
}
