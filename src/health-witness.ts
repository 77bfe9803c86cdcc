import { readStampState } from './audit/timestamp-store.ts'
import { readPublishing, readStandings, type WitnessStanding } from './audit/witness-store.ts'
import { type HealthCheck, type HealthParts, list } from './health-check.ts'

/** Whether others vouch for the log: witnesses and timestamps, each where it is set. */
export async function checkVouching(
  parts: Pick<HealthParts, 'pool' | 'clock'>,
): Promise<HealthCheck[]> {
  return [...(await checkWitnesses(parts)), ...(await checkTimestamps(parts))]
}

/** Whether enough witnesses cosign, and none of them saw another history of the log. */
async function checkWitnesses({
  pool,
  clock,
}: Pick<HealthParts, 'pool' | 'clock'>): Promise<HealthCheck[]> {
  const { waits, missingSince, required } = await readPublishing(pool)
  if (!waits) return []
  const standings = await readStandings(pool)
  const alarms = standings.filter(it => it.alarm)
  const told = list(standings.map(it => describe(it, clock())))
  const state = missingSince
    ? `fewer than ${required} since ${missingSince.toISOString()}`
    : `${required} required`
  return [
    {
      name: 'witnesses',
      ok: alarms.length === 0 && !missingSince,
      detail:
        `${alarms.length > 0 ? 'ALARM, another history was seen; ' : ''}${state}: ${told}`.slice(
          0,
          512,
        ),
      remedy:
        alarms.length > 0
          ? 'See "Witnesses" in docs/operations.md: find out whether an older backup was restored, or who else signs with this key.'
          : 'See "Witnesses" in docs/operations.md: ask the operators of those that do not answer.',
    },
  ]
}

function describe(standing: WitnessStanding, now: Date): string {
  const { name, cosignedAt, fault, alarm } = standing
  const seconds = cosignedAt && Math.round((now.getTime() - cosignedAt.getTime()) / 1000)
  const last = seconds === null ? 'never' : `${seconds} s ago`
  return `${name} ${alarm ?? fault ?? ''}${alarm || fault ? ', ' : ''}${last}`
}

async function checkTimestamps({ pool }: Pick<HealthParts, 'pool'>): Promise<HealthCheck[]> {
  const { stamps, fault, since, last } = await readStampState(pool)
  if (!stamps) return []
  const failing = fault ? `; failing since ${since?.toISOString()}: ${fault}` : ''
  return [
    {
      name: 'timestamps',
      ok: !fault,
      detail: `last of ${last ?? 'no day yet'}${failing}`.slice(0, 512),
      remedy: 'See "Timestamps" in docs/operations.md; it is tried again each minute.',
    },
  ]
}
