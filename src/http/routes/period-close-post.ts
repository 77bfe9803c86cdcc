import { closePeriod } from '../../exchange/period.ts'
import { readJson } from '../json.ts'
import { callerOf, type Route } from '../route.ts'

/** A housing company closes a request period, so that its number can be released. */
export const postPeriodClose: Route = {
  method: 'post',
  path: '/v1/periods/close',
  access: 'periods:close',
  repeats: 'outcome',
  handle: async (context, request) => {
    const body = readJson(request, 'period-close')
    const { raw, at } = request
    const call = { caller: callerOf(request), raw, at }
    const receipted = await closePeriod(context, call, body.protocol, body.period)
    return { status: 202, body: { ...body, state: 'closed', ...receipted } }
  },
}
