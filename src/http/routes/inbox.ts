import { acknowledge, readInbox } from '../../delivery/inbox.ts'
import { readJson } from '../json.ts'
import { readPage } from '../page.ts'
import { callerOf, type Route } from '../route.ts'

/** The caller's events that it has not acknowledged, oldest first: the same envelopes as webhooks. */
export const getInbox: Route = {
  method: 'get',
  path: '/v1/inbox',
  access: 'inbox:read',
  handle: async (context, request) => {
    const page = readPage(request, /^del_[0-9A-Z]{26}$/)
    return { status: 200, body: await readInbox(context, callerOf(request).party, page) }
  },
}

/** Acknowledges the events of the inbox up to one; they are delivered then. */
export const postAcknowledgement: Route = {
  method: 'post',
  path: '/v1/inbox/acknowledgements',
  access: 'inbox:read',
  repeats: 'outcome',
  handle: async (context, request) => {
    const { upTo } = readJson(request, 'inbox-acknowledgement')
    return { status: 200, body: await acknowledge(context, callerOf(request).party, upTo) }
  },
}
