import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { readConfig } from '../../src/config.ts'
import { type Listening, listen } from '../../src/listen.ts'
import { testLog } from '../support/log.ts'
import { sayRaw } from './raw-socket.ts'

let folder: string
const at = (name: string) => join(folder, name)

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

/** A certificate with its key, signed by itself or by another. */
function certificate(name: string, days: number, by?: string): void {
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', String(days)],
    ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...(by ? ['-CA', `${by}.pem`, '-CAkey', `${by}.key`] : []),
  )
}

const { log, lines } = testLog()
let server: Listening
let port: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-tls-'))
  certificate('first', 90)
  certificate('second', 5)
  certificate('ca', 90)
  certificate('party', 90, 'ca')
  certificate('stranger', 90)
  use('first')
  const config = readConfig({
    HUISBRUG_PORT: '0',
    HUISBRUG_TLS_CERT_FILE: at('used.pem'),
    HUISBRUG_TLS_KEY_FILE: at('used.key'),
    HUISBRUG_TLS_CLIENT_CA_FILE: at('ca.pem'),
  })
  expect(config.publicUrl).toBe('https://localhost:0')
  const app = (incoming: { socket: unknown }, response: { end(text: string): void }) => {
    const socket = incoming.socket as TLSSocket
    const { subject } = socket.getPeerCertificate()
    response.end(JSON.stringify({ authorized: socket.authorized, name: subject?.CN ?? null }))
  }
  server = await listen(app as Parameters<typeof listen>[0], config, { log, lookAtFilesMs: 50 })
  port = Number(new URL(server.url).port)
})
afterAll(async () => {
  await server?.shutdown()
  rmSync(folder, { recursive: true, force: true })
})

function use(name: string, key = name): void {
  copyFileSync(at(`${name}.pem`), at('used.pem'))
  copyFileSync(at(`${key}.key`), at('used.key'))
}

/** The name in the certificate that the server shows, and the version that was agreed. */
function shown(options: object = {}): Promise<{ name: string; version: string | null }> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port, host: '127.0.0.1', rejectUnauthorized: false, ...options },
      () => {
        const name = String(socket.getPeerCertificate().subject.CN)
        resolve({ name, version: socket.getProtocol() })
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })
}

async function untilShown(name: string): Promise<void> {
  for (let tries = 0; tries < 100 && (await shown()).name !== name; tries++) {
    await new Promise(resolve => setTimeout(resolve, 30))
  }
  expect((await shown()).name).toBe(name)
}

function ask(certified?: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const pair = certified && {
      cert: spawnSync('cat', [at(`${certified}.pem`)]).stdout,
      key: spawnSync('cat', [at(`${certified}.key`)]).stdout,
    }
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, agent: false, ...pair }
    const call = request(options, async response => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve(JSON.parse(text))
    })
    call.on('error', reject)
    call.end()
  })
}

test('TLS 1.2 and 1.3, nothing older, and nothing in the clear', async () => {
  expect(server.url).toMatch(/^https:/)
  expect((await shown()).version).toBe('TLSv1.3')
  expect((await shown({ maxVersion: 'TLSv1.2' })).version).toBe('TLSv1.2')
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  await expect(shown(old)).rejects.toThrow()
  const { text, closed } = await sayRaw(port, 'GET / HTTP/1.1\r\nHost: g\r\n\r\n')
  expect(text).not.toContain('HTTP/')
  expect(closed).toBe(true)
})

test('a certificate of the caller is asked for, and only that of the authority counts', async () => {
  expect(await ask()).toEqual({ authorized: false, name: null })
  expect(await ask('party')).toEqual({ authorized: true, name: 'party' })
  expect(await ask('stranger')).toEqual({ authorized: false, name: 'stranger' })
})

test('files that change are taken without a restart; what cannot be used is told and left', async () => {
  await untilShown('first')
  use('second')
  await untilShown('second')
  const said = (message: string) => lines.filter(line => line.message === message)
  expect(said('the certificate was taken anew').length).toBeGreaterThan(0)
  expect(said('the certificate ends soon').length).toBeGreaterThan(0)
  use('first', 'stranger')
  for (let tries = 0; tries < 100; tries++) {
    if (said('the certificate cannot be used, the former stays').length > 0) break
    await new Promise(resolve => setTimeout(resolve, 30))
  }
  expect(said('the certificate cannot be used, the former stays').length).toBeGreaterThan(0)
  expect((await shown()).name).toBe('second')
  writeFileSync(at('used.pem'), 'no certificate')
  await new Promise(resolve => setTimeout(resolve, 200))
  expect((await shown()).name).toBe('second')
  use('first')
  await untilShown('first')
})

test('it does not start with the key of another certificate, nor without a file', async () => {
  const start = (cert: string, key: string) => {
    const settings = { HUISBRUG_TLS_CERT_FILE: at(cert), HUISBRUG_TLS_KEY_FILE: at(key) }
    return listen(() => {}, readConfig({ HUISBRUG_PORT: '0', ...settings }))
  }
  await expect(start('first.pem', 'second.key')).rejects.toThrow()
  await expect(start('first.pem', 'none.key')).rejects.toThrow('ENOENT')
})

test.each([
  ['a certificate without a key', { HUISBRUG_TLS_CERT_FILE: 'a' }],
  ['an authority without a certificate', { HUISBRUG_TLS_CLIENT_CA_FILE: 'a' }],
  ['a public address in the clear', { HUISBRUG_PUBLIC_URL: 'http://gateway.example' }],
  ['an address that is none', { HUISBRUG_PUBLIC_URL: 'https://a b' }],
  [
    'a public address in the clear, with TLS',
    {
      HUISBRUG_PUBLIC_URL: 'http://localhost:8080',
      HUISBRUG_TLS_CERT_FILE: 'a',
      HUISBRUG_TLS_KEY_FILE: 'b',
    },
  ],
])('%s is refused', (_, settings) => {
  expect(() => readConfig(settings)).toThrow(/HUISBRUG_(TLS|PUBLIC)/)
})
