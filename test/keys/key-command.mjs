// A key command as an operator would write one: it holds the key, and does as its folder says.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
} from 'node:crypto'
import { appendFileSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const [folder, verb] = process.argv.slice(2)
const key = Buffer.from(readFileSync(join(folder, 'key'), 'utf8'), 'base64url')
const mode = readFileSync(join(folder, 'mode'), 'utf8')
const seen = { pid: process.pid, verb, argv: process.argv, env: process.env }
appendFileSync(join(folder, 'calls'), `${JSON.stringify(seen)}\n`)

const input = verb.endsWith('id')
  ? Buffer.alloc(0)
  : Buffer.from(readFileSync(0, 'utf8'), 'base64url')
if (mode === 'slow') await new Promise(resolve => setTimeout(resolve, 1_500))
if (mode === 'hang') setInterval(() => {}, 1_000)
else if (mode === 'fail') {
  process.stderr.write(`cannot wrap ${input.toString('base64url')}\n`)
  process.exit(3)
} else if (mode === 'garbage') process.stdout.write('<html>busy</html>\n')
else if (mode === 'wrong') process.stdout.write(`${Buffer.alloc(64, 1).toString('base64url')}\n`)
else if (mode === 'silent') process.exit(0)
else if (mode === 'flood') for (;;) writeSync(1, 'A'.repeat(65_536))
else {
  const answer =
    verb === 'id'
      ? name()
      : { wrap, unwrap, sign: signed, 'sign-id': publicKey }[verb]().toString('base64url')
  if (mode === 'half-way') {
    writeSync(1, answer.slice(0, answer.length / 2))
    process.kill(process.pid, 'SIGKILL')
  } else process.stdout.write(`${answer}\n`)
}

function name() {
  return createHash('sha256')
    .update(`name ${key.toString('hex')}`)
    .digest('hex')
    .slice(0, 16)
}

function wrap() {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  return Buffer.concat([nonce, cipher.update(input), cipher.final(), cipher.getAuthTag()])
}

function unwrap() {
  const decipher = createDecipheriv('aes-256-gcm', key, input.subarray(0, 12))
  decipher.setAuthTag(input.subarray(-16))
  return Buffer.concat([decipher.update(input.subarray(12, -16)), decipher.final()])
}

// PKCS8 of an Ed25519 key is this, and then its 32 bytes.
function signingKey() {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), key])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function publicKey() {
  return createPublicKey(signingKey()).export({ type: 'spki', format: 'der' }).subarray(-32)
}

function signed() {
  return sign(null, input, signingKey())
}
