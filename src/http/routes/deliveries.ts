import { listDeliveries, retryDeliveries, retryDelivery } from '../../delivery/deliveries.ts'
import { readJson } from '../json.ts'
import { readPage } from '../page.ts'
import { callerOf, type Route } from '../route.ts'

/** The hand-overs to the caller, newest first. */
export const getDeliveries: Route = {
  method: 'get',
  path: '/v1/deliveries',
  access: 'deliveries:manage',
  handle: async (context, request) => {
    const page = readPage(request, /^del_[0-9A-Z]{26}$/)
    return { status: 200, body: await listDeliveries(context, callerOf(request).party, page) }
  },
}

/** Has a hand-over to the caller tried again. */
export const postDeliveryRetry: Route = {
  method: 'post',
  path: '/v1/deliveries/:id/retry',
  access: 'deliveries:manage',
  repeats: 'outcome',
  handle: async (context, request) => {
    const id = request.params['id'] ?? ''
    return { status: 202, body: await retryDelivery(context, callerOf(request).party, id) }
  },
}

/** Has many hand-overs to the caller tried again. */
export const postDeliveriesRetry: Route = {
  method: 'post',
  path: '/v1/deliveries/retry',
  access: 'deliveries:manage',
  repeats: 'outcome',
  handle: async (context, request) => {
    const { since, until, ...filter } = readJson(request, 'deliveries-retry')
    const times = {
      ...(since && { since: new Date(since) }),
      ...(until && { until: new Date(until) }),
    }
    const { party } = callerOf(request)
    return { status: 202, body: await retryDeliveries(context, party, { ...filter, ...times }) }
  },
}
