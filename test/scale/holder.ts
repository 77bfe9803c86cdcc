// Holds a row in a transaction of the program's own pool, for the one who looks when it is let go.
import { openPool } from '../../src/db/pool.ts'

const [url = '', party = ''] = process.argv.slice(2)
const client = await openPool(url, { name: 'huisbrug holder', max: 1 }).connect()
await client.query('BEGIN')
await client.query('SELECT FROM party WHERE id = $1 FOR UPDATE', [party])
process.stdout.write('held\n')
setInterval(() => {}, 60_000)
