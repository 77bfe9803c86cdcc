import { startSequencer } from '../../src/audit/sequencer.ts'
import { openPool } from '../../src/db/pool.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { createLogger } from '../../src/log.ts'
import { ORIGIN, TEST_MASTER_KEY } from './support.ts'

// A sequencer in a process of its own, to be stopped and killed. Argument: the database URL.
const pool = openPool(process.argv[2]!, { max: 2 })
startSequencer({
  pool,
  keys: new KeyStore(pool, TEST_MASTER_KEY),
  config: { logOrigin: ORIGIN },
  log: createLogger('error'),
  clock: () => new Date(),
})
