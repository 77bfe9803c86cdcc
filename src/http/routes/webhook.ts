import {
  deleteWebhook,
  findWebhook,
  rotateWebhook,
  setWebhook,
  testWebhook,
} from '../../delivery/webhook.ts'
import { refuse } from '../../errors.ts'
import { readJson } from '../json.ts'
import { callerOf, type Route } from '../route.ts'

const access = 'webhook:manage' as const

/** Sets where the caller receives events; the secret is shown once. */
export const putWebhook: Route = {
  method: 'put',
  path: '/v1/webhook',
  access,
  repeats: 'outcome',
  handle: async (context, request) => {
    const { url, events } = readJson(request, 'webhook')
    const body = await setWebhook(context, callerOf(request).party, url, events, request.at)
    return { status: 200, body }
  },
}

/** The caller's webhook, without its secret. */
export const getWebhook: Route = {
  method: 'get',
  path: '/v1/webhook',
  access,
  handle: async (context, request) => {
    const body = await findWebhook(context, callerOf(request).party)
    if (!body) throw refuse('HB-511', '', 'PUT /v1/webhook')
    return { status: 200, body }
  },
}

/** Removes the caller's webhook; events wait in its inbox. */
export const removeWebhook: Route = {
  method: 'delete',
  path: '/v1/webhook',
  access,
  repeats: 'outcome',
  handle: async (context, request) => {
    await deleteWebhook(context, callerOf(request).party, request.at)
    return { status: 204 }
  },
}

/** Sends a test event to the caller's webhook and tells what came back. */
export const postWebhookTest: Route = {
  method: 'post',
  path: '/v1/webhook/test',
  access,
  repeats: 'outcome',
  handle: async (context, request) => ({
    status: 202,
    body: await testWebhook(context, callerOf(request).party, request.at),
  }),
}

/** Gives the caller's webhook a new secret, shown once. */
export const postWebhookRotate: Route = {
  method: 'post',
  path: '/v1/webhook/rotate',
  access,
  repeats: 'outcome',
  handle: async (context, request) => ({
    status: 200,
    body: await rotateWebhook(context, callerOf(request).party, request.at),
  }),
}
