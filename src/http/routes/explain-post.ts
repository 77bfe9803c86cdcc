import { explainMessage } from '../../exchange/explain.ts'
import { lookUpsOf } from '../../exchange/explain-gateway.ts'
import { readQuestion } from '../../exchange/explain-question.ts'
import { parseJson } from '../json.ts'
import { callerOf, type Route } from '../route.ts'

/**
 * Would this message pass, and if not, what stops it? Nothing is stored: no message, no receipt, no
 * entry, for nothing moves and nothing is said of a person.
 */
export const postExplain: Route = {
  method: 'post',
  path: '/v1/explain',
  access: 'messages:explain',
  repeats: 'nothing',
  handle: async (context, request) => {
    const set = context.protocols.current()
    const question = parseJson(request)
    const asking = readQuestion(set, callerOf(request), question, request.at)
    return { status: 200, body: await explainMessage(set, asking, lookUpsOf(context)) }
  },
}
