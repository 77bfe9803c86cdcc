import { ERRORS, type ErrorCode } from '../../src/errors.ts'

const HEAD = `# Errors

Every refusal of the gateway, written from \`src/error-table.ts\` by \`npm run generate\`. Codes are added, never
reused or renamed: a program may decide by them. Texts may get better, so decide by no text.

A refusal is a problem document (RFC 9457, \`application/problem+json\`):

\`\`\`json
{
  "type": "https://huisbrug.example/errors/HB-312",
  "title": "The protocol does not list this field",
  "status": 403,
  "detail": "Leave out the field; the protocol lists what may be sent.",
  "code": "HB-312",
  "errors": [
    {
      "pointer": "/tenants/3/income",
      "code": "HB-312",
      "rule": "wm-vdab 1.0.0, dataElements",
      "remedy": "Leave out the field; the protocol lists what may be sent."
    }
  ],
  "instance": "msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD"
}
\`\`\`

- \`errors\` has every reason at once: \`pointer\` is the place in the body (RFC 6901), \`rule\` the article of the protocol or
  the schema that says so, \`remedy\` what to do. The first gives the code and status of the whole. Of what was sent
  nothing is repeated, but at most a reference of your own.
- \`instance\` is the id to give when you ask about it. Where it is a message id, the refusal is in the audit log, and
  \`receipt\` is the signed statement of it.
- In a message that was accepted (\`202\`), single persons may be refused: \`refused\` lists them in the same form, by
  \`index\`.
- \`POST /oauth/token\` answers as RFC 6749 has it (\`error\`, \`error_description\`), with the same members beside them.

| status | try again? |
| --- | --- |
| \`429\`, \`500\`, \`503\` | yes, after \`Retry-After\` seconds (or some, growing), with the same body and the same \`Idempotency-Key\`: nothing was taken in, or you get the outcome there was |
| \`401\` | yes, with a new token or assertion |
| any other | not as it is: mend what \`errors\` names and send it with a new \`Idempotency-Key\` |

\`huisbrug protocol explain message.json --party <id>\` and \`POST /v1/explain\` say beforehand what a message would get;
\`huisbrug token debug <jwt>\` what is wrong with a token or an assertion.
`

const FAMILIES: readonly [string, string, string][] = [
  ['HB-1', 'Access', 'Who is calling, and may they call this.'],
  ['HB-2', 'Shape', 'What was sent is not of the form that the description has.'],
  ['HB-3', 'Protocol', 'No protocol in force allows it: nothing about a person moves without one.'],
  ['HB-4', 'Persons and routes', 'It is about one person, reference or pseudonym in the message.'],
  ['HB-5', 'State and idempotency', 'It does not fit what happened before.'],
  ['HB-6', 'Limits', 'Too much, or too much at once.'],
  ['HB-9', 'Ours', 'Nothing that the caller did. Nothing is lost; the kit tries again by itself.'],
]

const MOST_NAMED = 3

interface Description {
  paths: Record<string, Record<string, { responses: Record<string, Reply> }>>
}

interface Reply {
  content?: Record<string, { examples?: object }>
}

/** docs/errors.md: every code with its status, what it means, what to do and who answers it. */
export function errorsPage(openapi: string): string {
  const places = placesOf(JSON.parse(openapi) as Description)
  const codes = Object.keys(ERRORS) as ErrorCode[]
  const parts = FAMILIES.map(([prefix, title, about]) => {
    const rows = codes.filter(code => code.startsWith(prefix)).map(code => row(code, places))
    const head = '| code | status | it means | do | given by |\n| --- | --- | --- | --- | --- |'
    return `\n## ${prefix}xx: ${title}\n\n${about}\n\n${head}\n${rows.join('\n')}\n`
  })
  return HEAD + parts.join('')
}

function row(code: ErrorCode, places: Map<string, string[]>): string {
  const [status, title, remedy] = ERRORS[code]
  const cells = [
    `<a id="${code}"></a>${code}`,
    String(status),
    title,
    remedy,
    given(places.get(code)),
  ]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function given(places: string[] = []): string {
  if (places.length === 0) return 'the console, or any address'
  if (places.length > MOST_NAMED) return `${places.length} operations`
  return places.map(place => `\`${place}\``).join(', ')
}

function placesOf({ paths }: Description): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      for (const code of Object.values(responses).flatMap(codesOf)) {
        found.set(code, [...(found.get(code) ?? []), `${method.toUpperCase()} ${path}`])
      }
    }
  }
  return found
}

function codesOf({ content = {} }: Reply): string[] {
  return Object.values(content).flatMap(({ examples = {} }) => Object.keys(examples))
}
