import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { formatCheckpoint } from '../../src/audit/checkpoint.ts'
import { type Cosigner, cosigner } from '../../src/audit/cosignature.ts'
import { signNote } from '../../src/audit/note.ts'
import { formatAddCheckpoint } from '../../src/audit/witness-request.ts'
import { naiveProof, naiveRoot, testSigner } from '../audit/support.ts'

/** A log of another gateway, in memory: its entries are its to choose, so it can show two histories. */
export function otherLog(origin: string) {
  const signer = testSigner(origin)
  const entries = (history: string, size: number) =>
    Array.from({ length: size }, (_, i) => Buffer.from(`${i < 2 ? 'common' : history} ${i}`))
  const note = (size: number, history = 'a') => {
    const root = naiveRoot(entries(history, size))
    return signNote(formatCheckpoint({ origin, size, root }), [signer])
  }
  /** The request to a witness that is thought to hold `old`. */
  const request = (old: number, size: number, history = 'a') => {
    const proof = old > 0 && old < size ? naiveProof(old, entries(history, size)) : []
    return formatAddCheckpoint({ old, proof, note: note(size, history) })
  }
  return { origin, signer, verifierKey: signer.verifierKey, note, request }
}

/** A server on loopback that answers as told. */
export async function testServer(
  answer: (body: Buffer, response: ServerResponse, request: IncomingMessage) => void,
) {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    bodies.push(body.toString())
    answer(body, response, request)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, close }
}

export function testWitness(name = 'witness.example/w1'): Cosigner {
  return cosigner(name, generateKeyPairSync('ed25519').privateKey)
}
