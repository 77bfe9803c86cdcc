// A key command as an operator would write one: it holds the key, and does as its folder says.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const [folder, verb] = process.argv.slice(2)
const key = Buffer.from(readFileSync(join(folder, 'key'), 'utf8'), 'base64url')
const mode = readFileSync(join(folder, 'mode'), 'utf8')
const seen = { pid: process.pid, verb, argv: process.argv, env: process.env }
appendFileSync(join(folder, 'calls'), `${JSON.stringify(seen)}\n`)

const input = verb === 'id' ? Buffer.alloc(0) : Buffer.from(readFileSync(0, 'utf8'), 'base64url')
if (mode === 'hang') setInterval(() => {}, 1_000)
else if (mode === 'fail') {
  process.stderr.write(`cannot wrap ${input.toString('base64url')}\n`)
  process.exit(3)
} else if (mode === 'garbage') process.stdout.write('<html>busy</html>\n')
else if (mode === 'silent') process.exit(0)
else if (mode === 'flood') for (;;) writeSync(1, 'A'.repeat(65_536))
else {
  const answer = verb === 'id' ? name() : (verb === 'wrap' ? wrap : unwrap)().toString('base64url')
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
