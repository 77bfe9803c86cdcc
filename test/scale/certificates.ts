import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of a certificate for addresses, and of who signed it. */
export interface Certificate {
  authority: string
  cert: string
  key: string
}

/** Makes an authority, and one certificate that it signs for all these addresses. */
export function makeCertificate(folder: string, addresses: readonly string[]): Certificate {
  const at = (name: string) => join(folder, name)
  const [authority, cert, key] = [at('authority.pem'), at('hosts.pem'), at('hosts.key')]
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const own = ['-keyout', at('authority.key'), '-out', authority]
  openssl(['req', '-x509', ...fresh, '-subj', '/CN=test authority', '-days', '30', ...own])
  openssl(['req', ...fresh, '-subj', '/CN=hosts', '-keyout', key, '-out', at('hosts.csr')])
  const names = addresses.map(address => `IP:${address}`).join(',')
  writeFileSync(at('hosts.ext'), `subjectAltName=${names}\n`)
  const by = ['-CA', authority, '-CAkey', at('authority.key'), '-CAcreateserial']
  const what = ['-in', at('hosts.csr'), '-extfile', at('hosts.ext'), '-days', '30', '-out', cert]
  openssl(['x509', '-req', ...by, ...what])
  return { authority, cert, key }
}

function openssl(words: string[]): void {
  const { status, stderr, error } = spawnSync('openssl', words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl: ${error?.message ?? stderr.trim()}`)
}
