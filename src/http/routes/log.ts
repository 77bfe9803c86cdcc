import { latestCheckpoint, readEntryBundle, readTilePath } from '../../audit/query.ts'
import { parseTilePath } from '../../audit/tile-path.ts'
import { refuse } from '../../errors.ts'
import { personOf, type Route } from '../route.ts'

/** The newest signed checkpoint of the audit log (C2SP tlog-checkpoint). */
export const getCheckpoint: Route = {
  method: 'get',
  path: '/log/checkpoint',
  access: 'public',
  handle: async context => {
    const checkpoint = await latestCheckpoint(context.pool)
    if (!checkpoint) throw refuse('HB-206', '', 'the log is empty')
    await context.published.keep(checkpoint.note)
    return { status: 200, body: checkpoint.note, type: 'text/plain; charset=utf-8' }
  },
}

/** A bundle of entries (C2SP tlog-tiles), for the people who may read them. */
export const getEntryTile: Route = {
  method: 'get',
  path: '/log/tile/entries/*path',
  people: 'tiles:read',
  handle: async (context, request) => {
    const name = parseTilePath(`tile/entries/${request.params['path'] ?? ''}`)
    const bundle = name && (await readEntryBundle(context.pool, name.n, name.width))
    if (!bundle) throw refuse('HB-206', '', 'C2SP tlog-tiles')
    await context.readings.note(personOf(request), name.width)
    return { status: 200, body: bundle, type: 'application/octet-stream' }
  },
}

/** A tile of hashes (C2SP tlog-tiles); the entries themselves are not public. */
export const getTile: Route = {
  method: 'get',
  path: '/log/tile/:level/*path',
  access: 'public',
  handle: async (context, request) => {
    const { level = '', path = '' } = request.params
    const tile = await readTilePath(context.pool, `tile/${level}/${path}`)
    if (!tile) throw refuse('HB-206', '', 'C2SP tlog-tiles')
    return { status: 200, body: tile, type: 'application/octet-stream' }
  },
}
