import type { Config } from '../../config.ts'
import { fine, found, type SettingCheck } from './finding.ts'

const DEFAULT_ORIGIN = 'huisbrug.example/log'
const HTTP_ROLES = ['api', 'console', 'evaluator'] as const
const EVERYONE = /^(0\.0\.0\.0|::)(\/0)?$|\/0$/

/** What the settings say by themselves, without a look at a file or the network. Pure. */
export function examineSettings(config: Config): SettingCheck[] {
  return [
    checkPublicUrl(config),
    checkProxies(config),
    checkRoles(config),
    checkLogOrigin(config),
    checkPeople(config),
    checkAttention(config),
    checkWitnesses(config),
    checkLoopback(config),
    checkBackups(config),
  ]
}

function checkPublicUrl({ publicUrl }: Config): SettingCheck {
  if (publicUrl.startsWith('https://')) return fine('public-url', publicUrl)
  return found('needed', 'public-url', {
    detail: `${publicUrl} is not https`,
    remedy:
      'Set HUISBRUG_PUBLIC_URL to the https address that parties use. It is the audience of tokens.',
  })
}

function checkProxies({ tls, host, limits }: Config): SettingCheck {
  const { trustedProxies } = limits
  const named = trustedProxies.join(', ')
  if (trustedProxies.some(it => EVERYONE.test(it))) {
    return found('wrong', 'trusted-proxies', {
      detail: `${named} believes everybody about who calls`,
      remedy: 'Name the addresses of your proxy alone in HUISBRUG_TRUSTED_PROXIES.',
    })
  }
  if (tls) return fine('trusted-proxies', `the gateway ends TLS itself; ${named}`)
  const isOpen = !/^(127\.|localhost$|::1$)/.test(host)
  if (isOpen && named === 'loopback') {
    return found('needed', 'trusted-proxies', {
      detail: `it listens on ${host} without TLS, and no proxy on another machine is named`,
      remedy:
        'Name the proxy that ends TLS in HUISBRUG_TRUSTED_PROXIES, or set HUISBRUG_TLS_CERT_FILE and _KEY_FILE.',
    })
  }
  return fine('trusted-proxies', `a proxy ends TLS: ${named}`)
}

function checkRoles({ roles, healthPort, evaluator }: Config): SettingCheck {
  const named = [...roles].join(', ')
  if (healthPort === undefined && !HTTP_ROLES.some(role => roles.has(role))) {
    return found('hint', 'roles', {
      detail: `${named}: this process listens nowhere`,
      remedy: 'Set HUISBRUG_HEALTH_PORT, so that probes can see whether it is well.',
    })
  }
  if (roles.has('sequencer') || evaluator.placement === 'service') return fine('roles', named)
  return found('hint', 'roles', {
    detail: `${named}: no sequencer here`,
    remedy:
      'See that another process on this database has the role sequencer: without one everything stops.',
  })
}

function checkLogOrigin({ logOrigin }: Config): SettingCheck {
  if (logOrigin !== DEFAULT_ORIGIN) return fine('log-origin', logOrigin)
  return found('needed', 'log-origin', {
    detail: `${DEFAULT_ORIGIN} is the name of no log`,
    remedy:
      'Set HUISBRUG_LOG_ORIGIN to a name that is yours before the first start: partners pin it.',
  })
}

function checkPeople({ people, fourEyes }: Config): SettingCheck {
  if (!people.oidc) {
    return found('needed', 'people', {
      detail: 'people sign in by one-time links, made on this machine',
      remedy: 'Set HUISBRUG_OIDC_* (docs/operations.md, People).',
    })
  }
  const eyes = fourEyes.size > 0 ? `four eyes for ${[...fourEyes].join(', ')}` : 'no four eyes'
  return fine('people', `${people.oidc.issuer}; ${eyes}`)
}

function checkAttention({ attention: { mail, webhook } }: Config): SettingCheck {
  const ways = [...(mail ? ['mail'] : []), ...(webhook ? ['webhook'] : [])]
  if (ways.length > 0) return fine('attention', `told by ${ways.join(' and ')}`)
  return found('needed', 'attention', {
    detail: 'nobody is told what needs attention',
    remedy: 'Set HUISBRUG_ATTENTION_SMTP_URL, _FROM and _TO, or _WEBHOOK_URL (docs/attention.md).',
  })
}

function checkWitnesses({ witness }: Config): SettingCheck {
  const has = [
    ...(witness.askFile ? ['witnesses'] : []),
    ...(witness.timestampUrl ? ['timestamps'] : []),
  ]
  if (has.length > 0) return fine('vouching', `the log has ${has.join(' and ')}`)
  return found('hint', 'vouching', {
    detail: 'nobody else vouches for the log',
    remedy:
      'Ask a partner to be a witness (HUISBRUG_WITNESSES_FILE), or set HUISBRUG_TIMESTAMP_URL.',
  })
}

function checkLoopback({ allowLoopback }: Config): SettingCheck {
  if (!allowLoopback) return fine('loopback', 'peers are at public addresses, by https')
  return found('needed', 'loopback', {
    detail: 'peers may be on this machine, over plain http',
    remedy: 'Take HUISBRUG_ALLOW_LOOPBACK out: it is for the sandbox and the demo.',
  })
}

function checkBackups({ databaseUrl, dataDir, masterKey }: Config): SettingCheck {
  const key = masterKey.command ? 'the key that the program holds' : 'the master key'
  const database = databaseUrl ? 'the database' : `${dataDir} (with the program stopped)`
  return found('hint', 'backups', {
    detail: 'not seen from here',
    remedy: `Back up ${database}, ${key} apart from it, and keep ${dataDir}/published where the database is restored; try a restore (docs/operations.md, Backup, Restore).`,
  })
}
