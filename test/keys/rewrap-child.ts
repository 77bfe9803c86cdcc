import { openPool } from '../../src/db/pool.ts'
import { LocalKey } from '../../src/keys/provider.ts'
import { rewrapKeys } from '../../src/keys/rewrap.ts'

const [url = '', former = '', next = ''] = process.argv.slice(2)
const pool = openPool(url, { max: 2 })
const keyring = {
  current: new LocalKey(Buffer.from(former, 'base64url')),
  next: new LocalKey(Buffer.from(next, 'base64url')),
}
process.stdout.write('started\n')
const outcome = await rewrapKeys({ pool, keyring, record: async () => {} })
process.stdout.write(`${JSON.stringify(outcome)}\n`)
await pool.end()
