import { listDomains, reportReady } from '../../exchange/evaluation.ts'
import { readJson } from '../json.ts'
import { callerOf, type Route } from '../route.ts'

/** The pseudonym domains of the caller, with public keys and what is left of its quota. */
export const getDomains: Route = {
  method: 'get',
  path: '/v1/pseudonyms/domains',
  access: 'domains:read',
  handle: async (context, request) => {
    const items = await listDomains(context, callerOf(request), request.at)
    return { status: 200, body: { items } }
  },
}

/** The recipient reports that its register is ready for a domain, which becomes current. */
export const postDomainReady: Route = {
  method: 'post',
  path: '/v1/pseudonyms/domains/ready',
  access: 'domains:ready',
  repeats: 'natural',
  handle: async (context, request) => {
    const { domain } = readJson(request, 'domain-ready')
    const state = await reportReady(context, callerOf(request), domain, request.at)
    return { status: 200, body: state }
  },
}
