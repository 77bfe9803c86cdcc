import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { RequestHandler } from 'express'

interface MediaType {
  schema?: object
  example?: unknown
  examples?: Record<string, object>
}

interface Operation {
  responses: Record<string, { content?: Record<string, MediaType> }>
}

/** The published description of the interface. */
export const openapi = JSON.parse(
  readFileSync(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8'),
) as { paths: Record<string, Record<string, Operation>>; components: object }

const NO_EXAMPLE = ': no example of '
const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema({ $id: 'openapi', ...openapi })
const validators = new Map<string, ValidateFunction>()

/**
 * Watches every reply of a gateway under test and keeps what the description does not allow: a status
 * that is not listed, a content type that is not, a body that does not fit. A refusal without its example is
 * told and no more: which ones come of chance and load is not the same in every run.
 */
export function watchContract(): { handler: RequestHandler; violations: string[] } {
  const violations: string[] = []
  const handler: RequestHandler = (request, response, next) => {
    const { send } = response
    response.send = body => {
      response.send = send
      const { path, method } = request
      const type = String(response.get('content-type') ?? '').split(';')[0] ?? ''
      const found = checkReply(method.toLowerCase(), path, response.statusCode, type, body)
      const [unexampled, wrong] = [
        found.filter(isUnexampled),
        found.filter(it => !isUnexampled(it)),
      ]
      for (const line of unexampled) process.stderr.write(`${line}\n`)
      violations.push(...wrong)
      return response.send(body)
    }
    next()
  }
  return { handler, violations }
}

const isUnexampled = (line: string) => line.includes(NO_EXAMPLE)

/** What the description does not allow of a reply; nothing where the operation is not part of it. */
export function checkReply(
  method: string,
  path: string,
  status: number,
  type: string,
  body: unknown,
): string[] {
  const pattern = Object.keys(openapi.paths).find(one => matches(one, path))
  const operation = pattern && openapi.paths[pattern]?.[method]
  // Unknown paths, the console and the pages of the documentation are not part of the description.
  if (!pattern || !operation) return []
  const place = `${method} ${pattern} ${status}`
  const listed = operation.responses[status]
  if (!listed) return [`${place}: not listed`]
  if (!listed.content) return []
  const { schema, examples = {} } = listed.content[type] ?? {}
  if (!schema) return [`${place}: content type ${type} not listed`]
  if (!type.includes('json')) return []
  const pointer = `/paths/${escapePart(pattern)}/${method}/responses/${status}/content/${escapePart(type)}/schema`
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` })
  validators.set(pointer, validate)
  const reply = JSON.parse(String(body))
  if (status >= 400 && reply?.code && !(reply.code in examples))
    return [`${place}${NO_EXAMPLE}${reply.code}`]
  if (validate(reply)) return []
  return [`${place}: ${ajv.errorsText(validate.errors)} in ${String(body).slice(0, 300)}`]
}

function escapePart(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(
    `^${pattern
      .replace('{level}/', '\\d+/')
      .replace('{path}', '.+')
      .replace(/\{\w+\}/g, '[^/]+')}$`,
  ).test(path)
}
