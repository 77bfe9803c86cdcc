import {
  closed,
  count,
  flag,
  list,
  map,
  matching,
  oneOf,
  type Schema,
  text,
} from './closed-schema.ts'

const name = matching('^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$')
const quantity = matching('^[0-9]+(m|Mi|Gi)?$')
const labels = map(matching('^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$'))
const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535 }
const portOrName = { anyOf: [port, matching('^[a-z]{1,15}$')] }
const metadata = closed({ name, 'labels?': labels })
const selector = closed({ matchLabels: labels })

const probe = closed({
  httpGet: closed({ path: matching('^/'), port: portOrName }),
  'periodSeconds?': count,
  'timeoutSeconds?': count,
  'failureThreshold?': count,
})

// The pod security standard "restricted", and no more rights than that.
const containerSecurity = closed({
  allowPrivilegeEscalation: { const: false },
  privileged: { const: false },
  readOnlyRootFilesystem: { const: true },
  capabilities: closed({ drop: { const: ['ALL'] } }),
})
const podSecurity = closed({
  runAsNonRoot: { const: true },
  runAsUser: { type: 'integer', minimum: 1000 },
  runAsGroup: { type: 'integer', minimum: 1000 },
  fsGroup: { type: 'integer', minimum: 1000 },
  seccompProfile: closed({ type: { const: 'RuntimeDefault' } }),
})

const container = (probes: boolean) =>
  closed({
    name,
    image: matching('^[a-z./-]+:[0-9][A-Za-z0-9._-]*$'),
    imagePullPolicy: oneOf('IfNotPresent', 'Always'),
    args: list(text),
    envFrom: list({
      anyOf: [closed({ configMapRef: closed({ name }) }), closed({ secretRef: closed({ name }) })],
    }),
    'env?': list(closed({ name: text, value: text })),
    ...(probes && {
      ports: list(closed({ name, containerPort: port })),
      startupProbe: probe,
      livenessProbe: probe,
      readinessProbe: probe,
    }),
    resources: closed({
      requests: closed({ cpu: quantity, memory: quantity }),
      limits: closed({ 'cpu?': quantity, memory: quantity }),
    }),
    securityContext: containerSecurity,
    volumeMounts: list(closed({ name, mountPath: matching('^/'), 'readOnly?': flag })),
  })

const volume = {
  anyOf: [
    closed({ name, emptyDir: closed({ sizeLimit: quantity }) }),
    closed({
      name,
      configMap: closed({ name, items: list(closed({ key: text, path: text })) }),
    }),
    closed({ name, secret: closed({ secretName: name, defaultMode: count }) }),
  ],
}

const pod = (probes: boolean) =>
  closed({
    metadata: closed({ labels }),
    spec: closed({
      'restartPolicy?': oneOf('OnFailure', 'Never'),
      automountServiceAccountToken: { const: false },
      enableServiceLinks: { const: false },
      terminationGracePeriodSeconds: count,
      securityContext: podSecurity,
      'topologySpreadConstraints?': list(
        closed({
          maxSkew: port,
          topologyKey: text,
          whenUnsatisfiable: oneOf('ScheduleAnyway', 'DoNotSchedule'),
          labelSelector: selector,
        }),
      ),
      containers: list(container(probes)),
      volumes: list(volume),
    }),
  })

const peer = {
  anyOf: [
    closed({ namespaceSelector: selector }),
    closed({ ipBlock: closed({ cidr: text, 'except?': list(text) }) }),
  ],
}
const rulePorts = list(closed({ protocol: oneOf('TCP', 'UDP'), port: portOrName }))

const kind = (apiVersion: string, of: string, members: Record<string, Schema>) =>
  closed({ apiVersion: { const: apiVersion }, kind: { const: of }, metadata, ...members })

/** What deploy/kubernetes uses of the API, by kind. */
export const KINDS: Record<string, Schema> = {
  Namespace: kind('v1', 'Namespace', {}),
  ConfigMap: kind('v1', 'ConfigMap', { data: map(text) }),
  Service: kind('v1', 'Service', {
    spec: closed({
      'type?': { const: 'ClusterIP' },
      'clusterIP?': { const: 'None' },
      selector: labels,
      ports: list(closed({ name, port, targetPort: portOrName })),
    }),
  }),
  Deployment: kind('apps/v1', 'Deployment', {
    spec: closed({
      replicas: count,
      revisionHistoryLimit: count,
      strategy: closed({
        type: { const: 'RollingUpdate' },
        rollingUpdate: closed({ maxUnavailable: count, maxSurge: count }),
      }),
      selector,
      template: pod(true),
    }),
  }),
  StatefulSet: kind('apps/v1', 'StatefulSet', {
    spec: closed({
      replicas: count,
      revisionHistoryLimit: count,
      serviceName: name,
      podManagementPolicy: oneOf('Parallel', 'OrderedReady'),
      selector,
      template: pod(true),
      volumeClaimTemplates: list(
        closed({
          metadata: closed({ name }),
          spec: closed({
            accessModes: list(oneOf('ReadWriteOnce')),
            resources: closed({ requests: closed({ storage: quantity }) }),
          }),
        }),
      ),
    }),
  }),
  Job: kind('batch/v1', 'Job', {
    spec: closed({
      backoffLimit: count,
      activeDeadlineSeconds: count,
      ttlSecondsAfterFinished: count,
      template: pod(false),
    }),
  }),
  PodDisruptionBudget: kind('policy/v1', 'PodDisruptionBudget', {
    spec: closed({ maxUnavailable: count, selector }),
  }),
  NetworkPolicy: kind('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: closed({
      podSelector: closed({
        'matchLabels?': labels,
        'matchExpressions?': list(
          closed({ key: text, operator: oneOf('In', 'NotIn'), values: list(text) }),
        ),
      }),
      policyTypes: list(oneOf('Ingress', 'Egress')),
      'ingress?': list(closed({ from: list(peer), ports: rulePorts })),
      'egress?': list(closed({ to: list(peer), ports: rulePorts })),
    }),
  }),
  Kustomization: closed({
    apiVersion: { const: 'kustomize.config.k8s.io/v1beta1' },
    kind: { const: 'Kustomization' },
    namespace: name,
    resources: list(text),
  }),
}
