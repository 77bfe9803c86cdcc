import type { Ajv2020, AnySchemaObject, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import type { ErrorCode, Reason } from '../errors.ts'
import { annotatedCode, reasonsOf } from '../schema-errors.ts'
import { createAjv, ruleOf, type Validator } from '../schemas.ts'
import { type Agreement, elementsOf, knownDigestOf, type MessageType, ruleAt } from './document.ts'
import { blindFieldOf, type Form, formOf, isBlind } from './forms.ts'
import { narrowSchema } from './narrow.ts'

/** Beyond this, what was compiled for documents of the past is let go. */
const MOST_COMPILED = 200

const compiled = new Map<string, Validator>()
let ajv: Ajv2020 | undefined

/**
 * The validator of a message type under an agreement: the wire schema narrowed to the agreement's
 * data elements, compiled once per digest. Its reasons carry HB-312 for a field that the agreement
 * does not list, HB-315 for an answer in another form than it grants, HB-202 for any other misfit;
 * places are JSON pointers, and no value is repeated. Of a request that may come from a blind sender
 * the validator takes the form by the body: HB-321 for a national number where the agreement wants
 * none, HB-418 for one beside pseudonyms.
 * @param general the form of POST /v1/messages, where the type has a named operation as well
 * @param purpose under which it goes; the first of the type where it names none that the type has
 * @throws Error where the agreement does not list the type
 */
export function compileMessage(
  document: Agreement,
  type: string,
  general = false,
  purpose?: string,
): Validator {
  const message = document.messageTypes.find(one => one.type === type)
  if (!message) throw new Error('a message type that the agreement does not list')
  // One of the type's own, so that what is kept does not grow with what senders write.
  const serving = message.purposes.find(one => one === purpose) ?? (message.purposes[0] as string)
  const key = [knownDigestOf(document), type, general, serving].join('~')
  const known = compiled.get(key)
  if (known) return known
  if (compiled.size >= MOST_COMPILED) forget()
  const validator = compile(document, message, formOf(type, general), serving, key)
  compiled.set(key, validator)
  return validator
}

function compile(
  document: Agreement,
  message: MessageType,
  form: Form,
  purpose: string,
  key: string,
): Validator {
  const field = blindFieldOf(message, elementsOf(document, message.type, purpose))
  const inForm = (blindField?: string) =>
    compileForm({ document, message, form, purpose, key, blindField })
  if (field === undefined) return inForm()
  if (document.modalities.senderBlind) return inForm(field)
  const plain = inForm()
  let blind: Validator | undefined
  return body => {
    if (!isBlind(Object(body)[String(form.items)])) return plain(body)
    // Most parties send one form only: the other is compiled once somebody uses it.
    blind ??= inForm(field)
    return blind(body)
  }
}

/** A document that is in use never changes: its digest is taken once. */
function forget(): void {
  compiled.clear()
  ajv = undefined
}

interface Compiling {
  document: Agreement
  message: MessageType
  form: Form
  purpose: string
  key: string
  blindField: string | undefined
}

function compileForm({ document, message, form, purpose, key, blindField }: Compiling): Validator {
  const { $id, ...schema } = narrowSchema(document, message, form, purpose, blindField)
  ajv ??= createAjv()
  // What a document makes of a schema is not known to be one, as the wire schemas are.
  ajv.validateSchema(schema, true)
  // A name of its own beside the wire schemas, so that references to them go on working.
  const check = ajv.compile({ ...schema, $id: `${$id}~${key}~${blindField}` }) as ValidateFunction
  const translation = {
    rule: (error: ErrorObject) => ruleFor(error, document, form.schema),
    code: codeFor,
  }
  return body => {
    if (check(body)) return []
    const reasons = reasonsOf(check.errors as ErrorObject[], translation)
    // ajv keeps the last errors, and with them the data: let go of both.
    check.errors = null
    return reasons.toSorted(protocolFirst)
  }
}

function codeFor(error: ErrorObject): ErrorCode {
  return annotatedCode(error) ?? (error.keyword === 'additionalProperties' ? 'HB-312' : 'HB-202')
}

/** An article of the agreement where it decided, else the keyword of the wire schema. */
function ruleFor(error: ErrorObject, document: Agreement, schema: string): string {
  if (error.keyword === 'additionalProperties') return ruleAt(document, 'dataElements')
  const narrowed = error.keyword === 'enum' || error.keyword === 'not'
  const article: unknown = narrowed && (error.parentSchema as AnySchemaObject)['x-rule']
  if (typeof article === 'string') return ruleAt(document, article)
  return ruleOf(error, schema)
}

/** What the agreement forbids weighs more than a wrong shape. */
function protocolFirst(one: Reason, other: Reason): number {
  return Number(one.code === 'HB-202') - Number(other.code === 'HB-202')
}
