import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// A program of its own: `node bench/handover/peer.ts`, forked. It takes what comes, keeps nothing of it, and
// answers 202, as a webhook or the employment service would; a token to who asks for one.

const TOKEN = JSON.stringify({ access_token: 'peer', token_type: 'Bearer', expires_in: 86_400 })

let taken = 0
let whenReached: number | undefined

const server = createServer((request, response) => {
  request.resume()
  request.once('end', () => {
    if (request.url === '/oauth/token') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(TOKEN)
      return
    }
    response.writeHead(202).end()
    taken += 1
    if (taken === whenReached) process.send?.({ reached: taken })
  })
})
server.keepAliveTimeout = 120_000

process.on('message', ({ expect }: { expect: number }) => {
  taken = 0
  whenReached = expect
  process.send?.({ expects: expect })
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ url: `http://127.0.0.1:${port}` })
})
