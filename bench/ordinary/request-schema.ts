import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Agreement } from '../../src/protocol/document.ts'
import { formOf } from '../../src/protocol/forms.ts'
import { narrowSchema } from '../../src/protocol/narrow.ts'
import { readSchema } from '../../src/schemas.ts'
import type { DetectionRequest } from './settings.ts'

const TYPE = 'detection.request'
const DOCUMENT = new URL('../../protocols/wm-vdab/protocol.json', import.meta.url)

/** ajv's validator of the same schema as the product's: that of the wire, narrowed by the shipped agreement. */
export function compileRequest(): ValidateFunction<DetectionRequest> {
  const document = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as Agreement
  const message = document.messageTypes.find(one => one.type === TYPE)
  if (!message) throw new Error(`no type ${TYPE}`)
  const schema = narrowSchema(document, message, formOf(TYPE), 'detection')
  const ajv = new Ajv2020({ allowUnionTypes: true })
  addFormats.default(ajv)
  ajv.addVocabulary(['x-codes', 'x-rule', 'x-details'])
  ajv.addSchema(readSchema('common'))
  return ajv.compile<DetectionRequest>(schema)
}

/** Whether eleven digits have the check digits of a national number, for births before or from 2000 on. */
export function isNationalNumber(digits: string): boolean {
  if (!/^\d{11}$/.test(digits)) return false
  const base = Number(digits.slice(0, 9))
  const check = 97 - Number(digits.slice(9))
  return check === base % 97 || check === (2_000_000_000 + base) % 97
}
