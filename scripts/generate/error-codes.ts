import { ERRORS } from '../../src/errors.ts'

/** schemas/error-code.json: every code with its title, status and remedy, from src/errors.ts. */
export function errorCodeSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://huisbrug.example/schemas/error-code.json',
    title: 'Error code',
    type: 'string',
    description: 'Every code of a refusal. Codes are added, never reused or renamed',
    examples: ['HB-311'],
    oneOf: Object.entries(ERRORS).map(([code, [status, title, remedy]]) => ({
      const: code,
      title,
      description: `HTTP ${status}. ${remedy}`,
    })),
  }
  return `${JSON.stringify(schema, null, 2).replace(/\[\n\s+("[^"\n]*")\n\s+\]/g, '[$1]')}\n`
}
