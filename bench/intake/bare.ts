import { createPrivateKey, createPublicKey, hash, type JsonWebKey } from 'node:crypto'
import express from 'express'
import { CompactSign, jwtVerify } from 'jose'
import { openPool } from '../../src/db/pool.ts'
import { deriveTag, inputOf, tagInfo } from '../../src/pseudonym/derive.ts'
import { evaluateDirectly, generateKeyPair, VOPRF } from '../../src/pseudonym/voprf.ts'
import type { BarePlan } from './bare-plan.ts'

// A server of its own that does what cannot be done without for a message about one tenant, and nothing
// else: verifies the token, evaluates once, signs a receipt, and writes as many bytes as the product does.

function serve({ databaseUrl, rowBytes, issuer, tokenKey }: BarePlan): void {
  const pool = openPool(databaseUrl, { max: 20 })
  const publicKey = createPublicKey(
    createPrivateKey({ key: tokenKey as JsonWebKey, format: 'jwk' }),
  )
  const privateKey = createPrivateKey({ key: tokenKey as JsonWebKey, format: 'jwk' })
  const { secretKey } = generateKeyPair()
  const info = tagInfo('wm-vdab/1/1')
  const expected = { issuer, audience: issuer, typ: 'at+jwt', algorithms: ['EdDSA'] }
  const app = express().disable('x-powered-by').disable('etag')
  app.use(express.raw({ type: 'application/json', limit: '1mb' }))
  app.post('/v1/detections', async (request, response) => {
    const token = request.get('authorization')?.slice('Bearer '.length) ?? ''
    const { payload } = await jwtVerify(token, publicKey, expected)
    const body = JSON.parse(request.body.toString()) as { tenants: { insz: string }[] }
    const input = inputOf(body.tenants[0]?.insz ?? '')
    const { tag } = deriveTag(evaluateDirectly(VOPRF, secretKey, input), info)
    const messageId = `msg_${request.get('idempotency-key')}`
    const digest = hash('sha256', request.body, 'base64url')
    const receipt = await new CompactSign(
      Buffer.from(JSON.stringify(receiptOf(issuer, payload.sub, messageId, digest))),
    )
      .setProtectedHeader({ alg: 'EdDSA', typ: 'receipt+jwt', kid: tokenKey.kid ?? '' })
      .sign(privateKey)
    const row = Buffer.concat([tag, Buffer.from(receipt)], rowBytes)
    await pool.query({ name: 'insert', text: INSERT, values: [messageId, row] })
    response.status(202).json({ messageId, state: 'accepted', accepted: 1, refused: [], receipt })
  })
  const server = app.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.({ port: address && typeof address === 'object' ? address.port : 0 })
  })
}

const INSERT = 'INSERT INTO bare (id, row) VALUES ($1, $2)'

/** As many members as the product's receipt has, of the same lengths. */
function receiptOf(iss: string, sub: string | undefined, messageId: string, digest: string) {
  return {
    ...{ iss, sub, messageId, type: 'detection.request', decision: 'accepted', digest },
    ...{ protocol: 'wm-vdab', protocolVersion: '1.0.0', protocolDigest: digest },
    ...{ entryCommitment: digest, iat: Math.floor(Date.now() / 1000) },
  }
}

process.once('message', plan => serve(plan as BarePlan))
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
