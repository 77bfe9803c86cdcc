import { RIGHTS } from '../../src/access/operations.ts'
import { PAGES } from '../../src/console/pages/index.ts'
import { ROUTES } from '../../src/http/routes/index.ts'

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>

const HEAD = `# Rights

Who may do what, of whom. Written by \`npm run generate\` from \`RIGHTS\` in \`src/access/operations.ts\`, the one table
behind every route of the interface and every page of the console; a route or page that is not in it does not compile.

- *own*: what the party sent, received or was told itself. What is another's is answered exactly as what does not exist.
- *all*: of all parties.
- A party also needs the name of the operation as a scope of its token, and what a message may say its protocol
  decides. A person who signs in gets one role; a session of a person never passes as a party, nor the other way.
`

/** docs/rights-table.md. */
export function rightsPage(): string {
  const routes = ROUTES.map(({ method, path, access, people }) => ({
    at: `\`${method.toUpperCase()} ${path}\``,
    operations: [access, people],
  }))
  const pages = PAGES.map(({ method, path, operation }) => ({
    at: `\`${method.toUpperCase()} /console${path === '/' ? '' : path}\``,
    operations: [operation],
  }))
  const open = routes.filter(({ operations }) => operations.includes('public'))
  return [
    HEAD,
    section('Parties, at the interface', RIGHTS.parties, routes),
    section('People, at the interface', RIGHTS.people, routes),
    section('People, in the console', RIGHTS.pages, pages),
    `## Everybody\n\n${open.map(({ at }) => `- ${at}`).join('\n')}\n- \`/console/aanmelden\`, \`/start\` and \`/terug\` below it, \`/console/afmelden\`, \`/console/afgemeld-door-aanbieder\` (the identity provider, by its signature)\n`,
  ].join('\n')
}

function section(
  title: string,
  table: Table,
  places: { at: string; operations: (string | undefined)[] }[],
): string {
  const who = [...new Set(Object.values(table).flatMap(row => Object.keys(row)))]
  const rows = Object.entries(table).map(([operation, row]) => {
    const at = places.filter(it => it.operations.includes(operation)).map(it => it.at)
    return [`\`${operation}\``, ...who.map(it => row[it] ?? '–'), at.join(', ')]
  })
  const head = ['operation', ...who, 'where']
  const lines = [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`)
  return `## ${title}\n\n${lines.join('\n')}\n`
}
