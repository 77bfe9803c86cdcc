import { refuse } from '../../errors.ts'
import { addCheckpoint, witnessName } from '../../witness/witness.ts'
import type { Reply, Route } from '../route.ts'

const RULE = 'C2SP tlog-witness, add-checkpoint'
const TEXT = 'text/plain; charset=utf-8'

/** Cosigns a checkpoint of another gateway's log (C2SP tlog-witness), with the statuses of that. */
export const postAddCheckpoint: Route = {
  method: 'post',
  path: '/witness/add-checkpoint',
  access: 'public',
  handle: async (context, request) => {
    if (request.unreadable) throw request.unreadable
    const { pool, keys, log, clock, witnessed: logs, config } = context
    const name = witnessName(config.logOrigin)
    const verdict = await addCheckpoint({ pool, keys, log, clock, logs, name }, request.raw)
    switch (verdict.status) {
      case 200:
        return { status: 200, body: verdict.lines, type: TEXT }
      case 409:
        return toConflict(verdict.size)
      case 400:
        throw refuse('HB-202', '', RULE)
      case 403:
        return { status: 403, body: 'no good signature by a key of this log\n', type: TEXT }
      case 404:
        throw refuse('HB-909', '', RULE)
      case 422:
        throw refuse('HB-910', '', RULE)
    }
  },
}

function toConflict(size: number | undefined): Reply {
  if (size === undefined)
    return { status: 409, body: 'another root was cosigned for this size\n', type: TEXT }
  // As bytes: the specification knows this type without a charset.
  return { status: 409, body: Buffer.from(`${size}\n`), type: 'text/x.tlog.size' }
}
