import type { TLSSocket } from 'node:tls'
import type { Request } from 'express'
import type { Presented } from '../access/binding.ts'
import { certificateThumbprint, thumbprintInHeader } from '../access/certificate.ts'
import type { Context } from '../context.ts'

/** What a call shows of who holds its token, and the address that a proof has to be for. */
export function presentedBy(context: Pick<Context, 'config'>, request: Request): Presented {
  const { publicUrl, clientCertHeader } = context.config
  return {
    dpop: request.get('dpop'),
    certificate: certificateOf(request, clientCertHeader),
    method: request.method,
    url: `${publicUrl}${request.baseUrl}${request.path}`,
  }
}

// A certificate is that of the connection; a header counts only from a proxy that is believed at all.
function certificateOf(request: Request, header: string | undefined): string | undefined {
  const trusts: (address: string, hop: number) => boolean = request.app.get('trust proxy fn')
  if (header !== undefined && trusts(request.socket.remoteAddress ?? '', 0)) {
    const value = request.get(header)
    return value === undefined ? undefined : thumbprintInHeader(value)
  }
  // Only of the authority that is set; on a connection without TLS there is nothing of it.
  const socket = request.socket as Partial<TLSSocket>
  const der = socket.authorized ? socket.getPeerCertificate?.()?.raw : undefined
  return der && certificateThumbprint(der)
}
