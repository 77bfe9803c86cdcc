import type { Destination } from './back-door.ts'
import type { Clock } from './clock.ts'
import { Companies } from './companies.ts'
import type { Controls } from './control.ts'
import type { SandboxOptions } from './options.ts'
import type { People } from './people.ts'
import { SandboxMisuse, type Scenario } from './scenario.ts'
import { partnerOf, putInForce, register, type Stage } from './stage.ts'
import { startVdabSide } from './vdab-side.ts'

/** What there is once the gateway runs, before anybody is registered with it. */
export interface Setting {
  options: SandboxOptions
  stage: Stage
  /** Public URL of the gateway. */
  url: string
  logKey: string
  people: People
  clock: Clock
  scenario(): Scenario
  /** Address that the gateway calls in place of those of the parties. */
  backDoor: string
  destinations: Map<string, Destination>
  /** Is done at the end, the last first. */
  closing: (() => Promise<unknown>)[]
}

interface Joined {
  act: Controls['act']
  webhookSecret?: string
}

const READY_LOOKS = 600
const LOOK_MS = 100

/** The partner is a housing company: starts a VDAB, and puts everything in force. */
export async function joinVdab(setting: Setting): Promise<Joined> {
  const { options, stage, url: gateway, logKey, backDoor, destinations, closing } = setting
  const { webhook, jwks } = options
  const partner = partnerOf(stage)
  const [other] = stage.members.filter(({ isPartner }) => !isPartner)
  if (!other) throw new Error('there is no other party')
  const { people, clock, scenario } = setting
  const side = { gateway, logKey, folder: other.folder, people, clock, scenario }
  const vdab = await startVdabSide(side)
  closing.push(() => vdab.close())
  destinations.set('vdab', { party: other.id, isPartner: false, url: vdab.url })
  const reach = { baseUrl: `${backDoor}/vdab`, tokenUrl: `${vdab.url}/oauth/token` }
  if (webhook) destinations.set('webhook', { party: partner.id, isPartner: true, url: webhook })
  const hook = webhook === undefined ? {} : { webhook: `${backDoor}/webhook` }
  const [webhookSecret] = await Promise.all([
    register(stage, partner, hook, jwks),
    register(stage, other, reach),
  ])
  await putInForce(stage, jwks)
  await untilReady(() => vdab.isReady())
  const act = async () => {
    throw new SandboxMisuse('there are no simulated housing companies: you are one')
  }
  return { act, ...(webhookSecret && { webhookSecret }) }
}

/** The partner is VDAB: starts housing companies, and puts everything in force. */
export async function joinCompanies(setting: Setting): Promise<Joined> {
  const { options, stage, url: gateway, backDoor, destinations, closing } = setting
  const { baseUrl, tokenUrl, jwks } = options
  const partner = partnerOf(stage)
  const others = stage.members.filter(({ isPartner }) => !isPartner)
  destinations.set('vdab', { party: partner.id, isPartner: true, url: baseUrl })
  await Promise.all([
    register(stage, partner, { baseUrl: `${backDoor}/vdab`, tokenUrl }, jwks),
    ...others.map(other => register(stage, other, {})),
  ])
  await putInForce(stage, jwks)
  const { people, clock, scenario } = setting
  const companies = await Companies.open({ gateway, companies: others, people, clock, scenario })
  closing.push(() => companies.close())
  const act: Controls['act'] = (what, tenants) =>
    what === 'send' ? companies.send(tenants) : companies.endTenancies(tenants)
  return { act }
}

async function untilReady(isReady: () => boolean): Promise<void> {
  for (let look = 0; look < READY_LOOKS; look++) {
    if (isReady()) return
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
  throw new Error('the simulated VDAB is not ready in time')
}
