import { readAnnex1, receiveAnnex1 } from '../../exchange/annex-1.ts'
import { toIncoming, toReply } from '../incoming.ts'
import { readPage } from '../page.ts'
import { callerOf, type Route } from '../route.ts'

const PATH = '/v1/reports/annex-1'

/** A housing company reports Annex 1 of the call. */
export const postAnnex1: Route = {
  method: 'post',
  path: PATH,
  access: 'reports:write',
  repeats: 'message',
  handle: async (context, request) =>
    toReply(await receiveAnnex1(context, toIncoming(request, 'report.annex-1', `POST ${PATH}`))),
}

/** What a housing company reported before. */
export const getAnnex1: Route = {
  method: 'get',
  path: PATH,
  access: 'reports:read',
  handle: async (context, request) => {
    const page = readPage(request, /^msg_[0-9A-HJKMNP-TV-Z]{26}$/)
    return { status: 200, body: await readAnnex1(context.pool, callerOf(request).party, page) }
  },
}
