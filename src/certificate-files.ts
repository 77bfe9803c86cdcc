import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { ServerOptions } from 'node:https'
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls'
import type { TlsSettings } from './config-tls.ts'
import { faultOf, type Logger } from './log.ts'

const LOOK_MS = 10_000
const SOON_MS = 14 * 86_400_000
const HANDSHAKE_MS = 10_000

/**
 * What an https server is made of. A certificate of the caller is asked for where there is an authority
 * for them, and none is required: `request.socket.authorized` says whether what came is of that authority.
 * @throws Error of the system or of OpenSSL where a file cannot be read, or the key is of another certificate
 */
export function readTls(settings: TlsSettings): ServerOptions {
  const files = readFiles(settings)
  // Not taken by the server until the first connection: a wrong key would show only then.
  createSecureContext(files)
  return {
    ...files,
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: files.ca !== undefined,
    rejectUnauthorized: false,
  }
}

/**
 * Takes the files anew when one of them changes; connections that are open keep what they have. What
 * cannot be used is an error in the log, and the former stays.
 * @returns stops looking
 */
export function watchTls(
  server: Pick<Server, 'setSecureContext'>,
  settings: TlsSettings,
  { log, everyMs = LOOK_MS }: { log?: Logger | undefined; everyMs?: number | undefined },
): () => void {
  let known = stampOf(settings)
  warnOfEnd(settings, log)
  const timer = setInterval(() => {
    const stamp = stampOf(settings)
    if (stamp === known) return
    known = stamp
    try {
      server.setSecureContext(readFiles(settings))
      log?.info('the certificate was taken anew')
      warnOfEnd(settings, log)
    } catch (error) {
      log?.error('the certificate cannot be used, the former stays', { ...faultOf(error) })
    }
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

function readFiles({ certFile, keyFile, clientCaFile }: TlsSettings): SecureContextOptions {
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(clientCaFile && { ca: readFileSync(clientCaFile) }),
    minVersion: 'TLSv1.2',
  }
}

// By what they are now, also where a link was turned to other files.
function stampOf({ certFile, keyFile, clientCaFile }: TlsSettings): string {
  const files = [certFile, keyFile, ...(clientCaFile ? [clientCaFile] : [])]
  return files
    .map(file => {
      const stat = statSync(file, { throwIfNoEntry: false })
      return stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : 'none'
    })
    .join('|')
}

function warnOfEnd({ certFile }: TlsSettings, log: Logger | undefined): void {
  const { validToDate } = new X509Certificate(readFileSync(certFile))
  if (validToDate.getTime() - Date.now() > SOON_MS) return
  log?.warn('the certificate ends soon', { at: validToDate.toISOString() })
}
