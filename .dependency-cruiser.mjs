// Imports point inward: http | queue | console | cli -> exchange | delivery | subject | report | witness |
// attention -> protocol | pseudonym | audit | access -> keys -> db. See docs/architecture.md.
const part = names => `^src/(${names})/`
const forbid = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to },
})

export default {
  forbidden: [
    forbid(
      'foundation-imports-no-part',
      part('db|keys'),
      part(
        'protocol|pseudonym|audit|access|exchange|delivery|subject|report|witness|attention|http|queue|console|cli|sandbox|client',
      ),
      'db and keys are the innermost layer',
    ),
    forbid(
      'core-imports-no-service',
      part('protocol|pseudonym|audit|access'),
      part(
        'exchange|delivery|subject|report|witness|attention|http|queue|console|cli|sandbox|client',
      ),
      'protocol, pseudonym, audit and access know nothing of what uses them',
    ),
    forbid(
      'service-imports-no-edge',
      part('exchange|delivery|subject|report|witness|attention'),
      part('http|queue|console|cli|sandbox|client'),
      'services know nothing of how they are reached',
    ),
    forbid(
      'pure-core-imports-no-framework',
      '^src/(audit/(merkle|note|checkpoint|cosignature|witness-request|tile|entry|commitment|proof-file)|protocol/(decide|compile|lifecycle|lint)|pseudonym/(voprf|derive|row|dleq|group|suite|national-number)|report/disclosure)',
      'node_modules/(express|bullmq|ioredis|axios|pg|kysely|winston|piscina)/',
      'the pure core takes time, randomness and keys as arguments',
    ),
    forbid(
      'sandbox-speaks-only-the-contract',
      '^src/sandbox/(?!demo)',
      '^src/(?!sandbox/|client/|pseudonym/(voprf|derive|row|suite|group|dleq|hash-to-group|errors|national-number))',
      'the sandbox uses the kit, nothing of the gateway',
    ),
    forbid(
      'kit-stands-alone',
      '^src/client/',
      '^src/(?!client/|audit/(proof-file|note|errors)|pseudonym/(voprf|derive|row|suite|group|dleq|hash-to-group|errors|national-number))',
      'the kit has no dependency on the gateway',
    ),
    forbid(
      'sheet-stands-alone',
      '^src/sheet/',
      '^src/(?!sheet/|client/|pseudonym/national-number)',
      'spreadsheets are read at a partner, with the kit alone',
    ),
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node'],
    },
  },
}
