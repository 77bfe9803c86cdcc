import { createHash, X509Certificate } from 'node:crypto'

/**
 * The thumbprint of a client certificate (RFC 8705 section 3.1, `x5t#S256`).
 * @param der the certificate
 */
export function certificateThumbprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64url')
}

/**
 * The thumbprint of the certificate in a header of a trusted proxy: RFC 9440 (`:base64:`), or PEM, with
 * percent signs as nginx sends it or on one line.
 * @returns undefined where it is no certificate
 */
export function thumbprintInHeader(value: string): string | undefined {
  try {
    const text = value.includes('%') ? decodeURIComponent(value) : value
    const base64 = text
      .replace(/-----(BEGIN|END) CERTIFICATE-----/g, '')
      .replace(/[\s]/g, '')
      .replace(/^:(.*):$/, '$1')
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
    return certificateThumbprint(new X509Certificate(Buffer.from(base64, 'base64')).raw)
  } catch {
    return undefined
  }
}
