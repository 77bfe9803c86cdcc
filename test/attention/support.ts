import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { type LookParts, lookAround } from '../../src/attention/look.ts'
import { noteFound } from '../../src/attention/note.ts'
import { sendDue } from '../../src/attention/send.ts'
import { type Config, readConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { createOutbound } from '../../src/delivery/outbound.ts'
import type { ProtocolSet } from '../../src/protocol/load.ts'
import { type TestLog, testLog } from '../support/log.ts'

/** A mail as the server took it over. */
export interface Mail {
  from: string
  to: string[]
  head: string
  /** The text, decoded. */
  text: string
  id: string
}

/** A real mail server on loopback that keeps what it takes over. */
export interface MailServer {
  url: string
  mails: Mail[]
  /** What it answers after the data; undefined: it takes the mail over. */
  refuse: { code: number; message: string } | undefined
  close(): Promise<void>
}

/** @param login the name and password it asks for; without it anyone may send */
export async function startMailServer(
  options: { login?: [string, string]; tls?: boolean; port?: number } = {},
): Promise<MailServer> {
  const { login, tls = false } = options
  const mails: Mail[] = []
  const server = new SMTPServer({
    ...(!login && { authOptional: true }),
    ...(tls ? {} : { disabledCommands: ['STARTTLS'], allowInsecureAuth: true }),
    onAuth: ({ username, password }, _session, done) =>
      username === login?.[0] && password === login?.[1]
        ? done(null, { user: username })
        : done(new Error('no such user')),
    onData: (stream, { envelope }, done) => {
      const parts: Buffer[] = []
      stream.on('data', part => parts.push(part))
      stream.on('end', () => {
        if (own.refuse)
          return done(
            Object.assign(new Error(own.refuse.message), { responseCode: own.refuse.code }),
          )
        const from = envelope.mailFrom ? envelope.mailFrom.address : ''
        mails.push({
          from,
          to: envelope.rcptTo.map(one => one.address),
          ...parse(Buffer.concat(parts)),
        })
        done()
      })
    },
  })
  server.on('error', () => {})
  const listening = server.listen(options.port ?? 0, '127.0.0.1')
  await new Promise(resolve => listening.once('listening', resolve))
  const own: MailServer = {
    url: `smtp://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    mails,
    refuse: undefined,
    close: () => new Promise(resolve => server.close(() => resolve())),
  }
  return own
}

function parse(raw: Buffer): Pick<Mail, 'head' | 'text' | 'id'> {
  const [head = '', body = ''] = split(raw.toString('latin1'))
  const isQuoted = /content-transfer-encoding: quoted-printable/i.test(head)
  const bytes = isQuoted
    ? body
        .replaceAll(/=\r\n/g, '')
        .replaceAll(/=([0-9A-F]{2})/g, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    : body
  const id = /^message-id: <([^@]+)@/im.exec(head)?.[1] ?? ''
  return { head, text: Buffer.from(bytes, 'latin1').toString('utf8').replaceAll('\r\n', '\n'), id }
}

function split(raw: string): string[] {
  const at = raw.indexOf('\r\n\r\n')
  return [raw.slice(0, at), raw.slice(at + 4)]
}

/** A worker as far as attention goes: its own connections, a clock that the test moves. */
export interface Worker extends LookParts {
  config: Config
  pool: Pool
  outbound: Context['outbound']
  look(): Promise<void>
  send(): Promise<void>
  close(): Promise<void>
}

export interface Time {
  at: Date
}

export function openWorker(
  databaseUrl: string,
  time: Time,
  settings: Record<string, string>,
  protocols: ProtocolSet,
  kept: TestLog = testLog(),
): Worker {
  const config = readConfig({
    HUISBRUG_PUBLIC_URL: 'https://huisbrug.example/poort',
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    ...settings,
  })
  const { log } = kept
  const pool = openPool(databaseUrl, { max: 3 })
  const outbound = createOutbound({ allowLoopback: config.allowLoopback, log })
  const worker: Worker = {
    config,
    log,
    pool,
    outbound,
    clock: () => time.at,
    protocols: { current: () => protocols },
    look: async () => {
      await noteFound(pool, config.attention, await lookAround(worker), time.at)
    },
    send: () => sendDue(worker),
    close: async () => {
      await outbound.close()
      await pool.end()
    },
  }
  return worker
}
