import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments, parse as parseYaml } from 'yaml'
import { ROLES, readConfig, SETTINGS } from '../../src/config.ts'
import { faultsOf } from './closed-schema.ts'
import { COMPOSE } from './compose-schema.ts'
import { KINDS } from './kubernetes-schema.ts'

const DEPLOY = new URL('../../deploy/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, DEPLOY), 'utf8')

// What is read from files is looked into member by member, so it has no shape of its own here.
type Doc = ReturnType<typeof parseYaml>

interface Manifest {
  file: string
  doc: Doc
}

const compose: Doc = parseYaml(read('compose.yaml'))
const files = readdirSync(new URL('kubernetes/', DEPLOY))
const manifests: Manifest[] = files.flatMap(file =>
  parseAllDocuments(read(`kubernetes/${file}`)).map(one => ({ file, doc: one.toJS() })),
)
const ofKind = (...kinds: string[]) => manifests.filter(({ doc }) => kinds.includes(doc.kind))
const workloads = ofKind('Deployment', 'StatefulSet', 'Job').map(({ doc }) => doc)
const [settings] = ofKind('ConfigMap').map(({ doc }) => doc.data)

/** The settings of a file in the form of dotenv; `all` with those that are commented out. */
function lines(textOfFile: string, all = false): Record<string, string> {
  const pattern = all ? /^(?:# )?([A-Z_]+)=(.*)$/gm : /^([A-Z_]+)=(.*)$/gm
  const found = [...textOfFile.matchAll(pattern)]
  return Object.fromEntries(found.map(([, key, value = '']) => [key, value.replace(/^'|'$/g, '')]))
}

/** Without these an installation is not one for production: `huisbrug doctor --production` asks for each. */
const NEEDED = [
  ...['PUBLIC_URL', 'LOG_ORIGIN', 'DATABASE_URL', 'MASTER_KEY_FILE', 'TRUSTED_PROXIES'],
  ...['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_KEY_FILE', 'OIDC_ROLES', 'FOUR_EYES'],
  ...['ATTENTION_SMTP_URL', 'ATTENTION_FROM', 'ATTENTION_TO'],
].map(name => `HUISBRUG_${name}`)

test('the compose file uses what Compose knows, and opens nothing but the gateway', () => {
  expect(faultsOf(COMPOSE, compose)).toEqual([])
  const { services, networks, volumes } = compose
  expect(Object.keys(services)).toEqual(['gateway', 'postgres', 'redis'])
  for (const [name, service] of Object.entries<Doc>(services)) {
    for (const network of service.networks) expect(networks).toHaveProperty(network)
    for (const other of Object.keys(service.depends_on ?? {})) {
      expect(services[other].healthcheck).toBeDefined()
    }
    for (const volume of service.volumes ?? []) {
      const [from = ''] = volume.split(':')
      if (!from.startsWith('.')) expect(volumes).toHaveProperty(from)
    }
    expect([name, service.security_opt]).toEqual([name, ['no-new-privileges:true']])
    if (name !== 'gateway') expect([service.networks, service.ports]).toEqual([['back'], undefined])
  }
  const { gateway } = services
  expect(networks.back.internal).toBe(true)
  expect(gateway).toMatchObject({ read_only: true, cap_drop: ['ALL'], ulimits: { core: 1 } })
  // Swap would hold what is in memory.
  expect(gateway.memswap_limit).toBe(gateway.mem_limit)
  expect(gateway.environment.HUISBRUG_TRUSTED_PROXIES).toBe(networks.front.ipam.config[0].gateway)
})

test.each([
  ['services.gateway.privileged', true],
  ['services.gateway.ports', ['8080:8080']],
  ['services.postgres.healthcheck.timeout', '5'],
  ['services.redis.image', 'redis'],
  ['networks.back.internall', true],
])('a compose file with %s = %j is refused', (path, value) => {
  expect(faultsOf(COMPOSE, changed(compose, path, value))).not.toEqual([])
})

test('every manifest is of the API, and kustomize has them all', () => {
  for (const { file, doc } of manifests) {
    expect([file, faultsOf(KINDS[doc.kind] ?? { not: {} }, doc)]).toEqual([file, []])
  }
  const [{ doc }] = ofKind('Kustomization') as [Manifest]
  expect([...doc.resources, 'kustomization.yaml'].sort()).toEqual(files.sort())
})

test.each([
  ['Deployment', 'spec.template.spec.hostNetwork', true],
  ['Deployment', 'spec.template.spec.containers.0.securityContext.privileged', true],
  ['Deployment', 'spec.template.spec.containers.0.livenessProbe', undefined],
  ['StatefulSet', 'spec.template.spec.containers.0.resources.limits', {}],
  ['NetworkPolicy', 'spec.egres', []],
  ['PodDisruptionBudget', 'apiVersion', 'policy/v1beta1'],
  ['Job', 'spec.template.spec.securityContext.runAsUser', 0],
])('a %s with %s = %j is refused', (kind, path, value) => {
  const [{ doc }] = ofKind(kind) as [Manifest]
  expect(faultsOf(KINDS[kind] ?? {}, changed(doc, path, value))).not.toEqual([])
})

test('each role runs by itself, is looked at by probes, and may be disrupted one by one', () => {
  const roles = workloads.flatMap(doc =>
    (doc.spec.template.spec.containers[0].env ?? []).map((it: Doc) => it.value),
  )
  // Pseudonyms are evaluated by the api too; the role alone is for a key service, which is not part of this.
  expect([...roles, 'evaluator'].sort()).toEqual([...ROLES].sort())
  const services = ofKind('Service').map(({ doc }) => doc)
  const budgets = ofKind('PodDisruptionBudget').map(({ doc }) => doc.spec.selector.matchLabels)
  for (const { kind, metadata, spec } of workloads) {
    const { labels } = spec.template.metadata
    const [container] = spec.template.spec.containers
    const mounts = container.volumeMounts.map((it: Doc) => it.name)
    const claims = (spec.volumeClaimTemplates ?? []).map((it: Doc) => it.metadata.name)
    const volumes = [...spec.template.spec.volumes.map((it: Doc) => it.name), ...claims]
    expect([metadata.name, mounts.sort()]).toEqual([metadata.name, volumes.sort()])
    if (kind === 'Job') continue
    expect(spec.selector.matchLabels).toEqual(labels)
    expect(budgets).toContainEqual(labels)
    const ports = container.ports.map((it: Doc) => it.name)
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(ports).toContain(container[probe].httpGet.port)
    const own = services.filter(
      it =>
        it.spec.selector['app.kubernetes.io/component'] === labels['app.kubernetes.io/component'],
    )
    for (const service of own)
      for (const { targetPort } of service.spec.ports) expect(ports).toContain(targetPort)
  }
})

test('every setting that is named anywhere is one', () => {
  const unit = read('systemd/huisbrug.service')
  const dockerfile = readFileSync(new URL('../Dockerfile', DEPLOY), 'utf8')
  const named = [
    ...Object.keys(lines(read('example.env'), true)),
    ...Object.keys(compose.services.gateway.environment),
    ...Object.keys(settings),
    ...workloads.flatMap(doc => doc.spec.template.spec.containers[0].env ?? []).map(it => it.name),
    ...[unit, dockerfile].flatMap(it => it.match(/HUISBRUG_[A-Z_]+/g) ?? []),
  ].filter(name => name.startsWith('HUISBRUG_'))
  expect(named.length).toBeGreaterThan(40)
  expect(named.filter(name => !SETTINGS.includes(name))).toEqual([])
})

test('what production needs is set in the example, in Compose and in Kubernetes, and can be read', () => {
  const example = lines(read('example.env'))
  expect(NEEDED.filter(name => !example[name])).toEqual([])
  const inCompose = { ...example, ...compose.services.gateway.environment }
  const inKubernetes = { ...settings, HUISBRUG_DATABASE_URL: 'postgres://user@db/huisbrug' }
  expect(NEEDED.filter(name => !inKubernetes[name])).toEqual([])
  for (const env of [example, inCompose, inKubernetes]) {
    expect(readConfig(env)).toMatchObject({ allowLoopback: false, tls: undefined })
    expect(readConfig(env).publicUrl).toMatch(/^https:/)
  }
})

test('the unit is one that systemd takes, and gives up what it does not need', () => {
  const unit = read('systemd/huisbrug.service')
  const keys = [...unit.matchAll(/^(\[\w+\]|[A-Z]\w+)(?==|$)/gm)].map(([, key]) => key)
  expect(keys.filter(key => key?.startsWith('['))).toEqual(['[Unit]', '[Service]', '[Install]'])
  for (const line of ['LimitCORE=1', 'MemorySwapMax=0', 'ProtectSystem=strict', 'User=huisbrug'])
    expect(unit.split('\n')).toContain(line)
  if (!existsSync('/usr/bin/systemd-analyze')) return
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-unit-'))
  const verify = (text: string) => {
    const file = join(folder, 'huisbrug.service')
    // The program is not installed here.
    writeFileSync(file, text.replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'))
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
      encoding: 'utf8',
    })
    return `${stdout}${stderr}`.split('\n').filter(line => line.includes('huisbrug.service'))
  }
  try {
    expect(verify(unit)).toEqual([])
    expect(verify(unit.replace('PrivateTmp=', 'PrivateTemp='))).toHaveLength(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** A copy with another value at a path; removed where it is undefined. */
function changed(doc: Doc, path: string, value: unknown): Doc {
  const copy = structuredClone(doc)
  const names = path.split('.')
  const last = names.pop() ?? ''
  const place = names.reduce<Doc>((part, name) => part[name], copy)
  if (value === undefined) delete place[last]
  else place[last] = value
  return copy
}
