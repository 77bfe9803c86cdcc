import type { Language } from './language.ts'

export interface AttentionEnvironment {
  HUISBRUG_ATTENTION_SMTP_URL?: string
  HUISBRUG_ATTENTION_SMTP_PASSWORD?: string
  HUISBRUG_ATTENTION_SMTP_PASSWORD_FILE?: string
  HUISBRUG_ATTENTION_FROM?: string
  HUISBRUG_ATTENTION_TO?: string
  HUISBRUG_ATTENTION_WEBHOOK_URL?: string
  HUISBRUG_ATTENTION_WEBHOOK_SECRET?: string
  HUISBRUG_ATTENTION_WEBHOOK_SECRET_FILE?: string
  HUISBRUG_ATTENTION_LEAST: string
  HUISBRUG_ATTENTION_LANGUAGE: string
  HUISBRUG_ATTENTION_EVERY_SECONDS: number
  HUISBRUG_ATTENTION_WAIT_SECONDS: number
  HUISBRUG_ATTENTION_QUIET_MINUTES: number
}

// The user may be in the address, the password never: an address is told in faults and lists.
const SMTP_URL = '^smtps?://([^/?#@:\\s]+(%40[^/?#@:\\s]+)?@)?[^/?#@\\s]+/?$'
const ADDRESS = '[^\\s@,<>"]+@[^\\s@,<>"]+'

export const ATTENTION_SCHEMA = {
  HUISBRUG_ATTENTION_SMTP_URL: { type: 'string', pattern: SMTP_URL },
  HUISBRUG_ATTENTION_SMTP_PASSWORD: { type: 'string', minLength: 1 },
  HUISBRUG_ATTENTION_SMTP_PASSWORD_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_ATTENTION_FROM: { type: 'string', pattern: `^${ADDRESS}$` },
  HUISBRUG_ATTENTION_TO: { type: 'string', pattern: `^${ADDRESS}( *, *${ADDRESS})*$` },
  HUISBRUG_ATTENTION_WEBHOOK_URL: { type: 'string', pattern: '^https?://[^?#\\s]+$' },
  HUISBRUG_ATTENTION_WEBHOOK_SECRET: { type: 'string', minLength: 1 },
  HUISBRUG_ATTENTION_WEBHOOK_SECRET_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_ATTENTION_LEAST: { enum: ['warning', 'alarm'], default: 'warning' },
  HUISBRUG_ATTENTION_LANGUAGE: { enum: ['nl', 'en'], default: 'nl' },
  HUISBRUG_ATTENTION_EVERY_SECONDS: { type: 'number', minimum: 0.1, maximum: 3600, default: 30 },
  HUISBRUG_ATTENTION_WAIT_SECONDS: { type: 'number', minimum: 0, maximum: 3600, default: 60 },
  HUISBRUG_ATTENTION_QUIET_MINUTES: { type: 'number', minimum: 0, maximum: 1440, default: 60 },
} as const

/** How grave something is: an alarm is told at once, a warning with what else comes in that time. */
export const SEVERITIES = ['warning', 'alarm'] as const
export type Severity = (typeof SEVERITIES)[number]

/** The mail server and who gets the mail. */
export interface MailSettings {
  /** smtps://, or smtp:// which has to offer STARTTLS; without a password. */
  url: string
  password: string | undefined
  passwordFile: string | undefined
  from: string
  to: readonly string[]
}

export interface WebhookSettings {
  url: string
  /** `whsec_` and base64, or the file that holds it. */
  secret: string | undefined
  secretFile: string | undefined
}

/** What is told to people who do not look at the console; see docs/attention.md. */
export interface AttentionSettings {
  mail: MailSettings | undefined
  webhook: WebhookSettings | undefined
  /** What is told: this and what is graver. */
  severities: readonly Severity[]
  language: Language
  everyMs: number
  /** How long a warning waits for others to go with it. */
  waitMs: number
  /** How long more of the same is not told again. */
  quietMs: number
}

/**
 * The settings of what is told to people who do not look. Pure.
 * @throws Error naming the settings that go together
 */
export function attentionOf(env: AttentionEnvironment): AttentionSettings {
  return {
    mail: mailOf(env),
    webhook: webhookOf(env),
    severities: env.HUISBRUG_ATTENTION_LEAST === 'alarm' ? ['alarm'] : SEVERITIES,
    language: env.HUISBRUG_ATTENTION_LANGUAGE as Language,
    everyMs: env.HUISBRUG_ATTENTION_EVERY_SECONDS * 1000,
    waitMs: env.HUISBRUG_ATTENTION_WAIT_SECONDS * 1000,
    quietMs: env.HUISBRUG_ATTENTION_QUIET_MINUTES * 60_000,
  }
}

function mailOf(env: AttentionEnvironment): MailSettings | undefined {
  const url = env.HUISBRUG_ATTENTION_SMTP_URL
  const from = env.HUISBRUG_ATTENTION_FROM
  const to = env.HUISBRUG_ATTENTION_TO
  if (!url && !from && !to) return undefined
  if (!url || !from || !to) {
    throw new Error('HUISBRUG_ATTENTION_SMTP_URL, _FROM and _TO go together')
  }
  const password = env.HUISBRUG_ATTENTION_SMTP_PASSWORD
  const passwordFile = env.HUISBRUG_ATTENTION_SMTP_PASSWORD_FILE
  const addresses = to.split(',').map(address => address.trim())
  return { url, password, passwordFile, from, to: addresses }
}

function webhookOf(env: AttentionEnvironment): WebhookSettings | undefined {
  const url = env.HUISBRUG_ATTENTION_WEBHOOK_URL
  const secret = env.HUISBRUG_ATTENTION_WEBHOOK_SECRET
  const secretFile = env.HUISBRUG_ATTENTION_WEBHOOK_SECRET_FILE
  if (!url && !secret && !secretFile) return undefined
  if (url && (secret ?? secretFile)) return { url, secret, secretFile }
  throw new Error(
    'HUISBRUG_ATTENTION_WEBHOOK_URL and _WEBHOOK_SECRET (or _WEBHOOK_SECRET_FILE) go together',
  )
}
