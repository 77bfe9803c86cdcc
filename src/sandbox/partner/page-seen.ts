import type { Delivery } from '../../client/types.ts'
import { type Html, html } from './html.ts'
import type { CodeText } from './options.ts'
import type { Seen, Why } from './record.ts'
import type { Texts } from './texts.ts'

const MOST_PLACES = 8

/** What the sandbox saw, as a table: each call with its outcome, and each reason of a refusal. */
export function drawSeen(
  t: Texts,
  seen: readonly Seen[],
  codes: ReadonlyMap<string, CodeText>,
): Html {
  const { time, way, call, outcome, why } = t.columns
  const rows = seen.map(
    one => html`<tr><td class="when">${one.at.slice(11, 19)}</td>
<td class="when">${t.ways[one.way]}${one.party !== '' && html`<span class="under">${one.party}</span>`}</td>
<td>${one.method} <span class="words">${one.path}</span>${one.times !== undefined && ` (${one.times}×)`}${one.type !== undefined && html`<span class="under">${one.type}</span>`}${one.messageId !== undefined && html`<span class="under">${one.messageId}</span>`}${drawData(t, one)}</td>
<td>${drawOutcome(t, one)}</td><td>${drawReasons(t, one, codes)}</td></tr>`,
  )
  const heads = [time, way, call, outcome, why].map(name => html`<th scope="col">${name}</th>`)
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${t.table(t.arrived)}"><table><thead><tr>${heads}</tr></thead>
<tbody>${rows}</tbody></table></div>`
}

function drawOutcome(t: Texts, { status, fault, accepted, items, why, ms }: Seen): Html {
  const isRefused = status === undefined || status >= 400
  const tone = isRefused ? 'bad' : why.length > 0 ? 'warn' : 'good'
  const count =
    accepted !== undefined
      ? t.items(accepted, items ?? accepted)
      : items !== undefined && t.carried(items)
  return html`<span class="badge ${tone}">${status ?? t.noAnswer}</span> <span class="note">${ms} ms</span>
${count !== false && html`<span class="under">${count}</span>`}${fault && html`<span class="under">${t.faults[fault]}</span>`}`
}

function drawData(t: Texts, { data }: Seen): Html | false {
  if (data === undefined) return false
  return html`<details><summary>${t.content}</summary><pre class="block">${JSON.stringify(data, null, 2)}</pre></details>`
}

/** Reasons that say the same stand there once, with all their places. */
function drawReasons(t: Texts, { why }: Seen, codes: ReadonlyMap<string, CodeText>): Html {
  const groups = Map.groupBy(why, ({ code, rule, remedy }) => `${code} ${rule} ${remedy}`)
  const items = [...groups.values()].map(same => html`<li>${drawReason(t, same, codes)}</li>`)
  return html`<ul class="plain">${items}</ul>`
}

function drawReason(
  t: Texts,
  same: readonly Why[],
  codes: ReadonlyMap<string, CodeText>,
): Html | undefined {
  const [first] = same
  if (!first) return undefined
  const { code, rule, remedy } = first
  const known = codes.get(code)
  const isDutch = t.lang === 'nl'
  const title = isDutch ? known?.nl.title : known?.title
  const named = known
    ? html`<a href="/sandbox/codes${!isDutch && '?taal=en'}#${code}">${code}</a> ${title}`
    : html`${code}`
  // The gateway's own words stand beside the Dutch: they may say more about this one.
  const own = remedy !== undefined && html`<span lang="en">${remedy}</span>`
  return html`<strong>${named}</strong>${drawPlaces(t, same)}
${rule !== undefined && html`<span class="under">${t.rule}: <span lang="en">${rule}</span></span>`}
<span class="under">${t.remedy}: ${isDutch && known?.nl.remedy} ${own}</span>`
}

function drawPlaces(t: Texts, same: readonly Why[]): Html | false {
  const places = same
    .slice(0, MOST_PLACES)
    .flatMap(({ pointer, index, tenantRef }) =>
      pointer === undefined
        ? []
        : [
            html`<code>${pointer === '' ? '/' : pointer}</code> ${index !== undefined && t.item(index, tenantRef)} `,
          ],
    )
  const rest = same.length - MOST_PLACES
  return (
    places.length > 0 &&
    html`<span class="under">${t.place}: ${places}${rest > 0 && t.more(rest)}</span>`
  )
}

/** What the gateway hands over to the partner, and how each last try went. */
export function drawDeliveries(t: Texts, deliveries: readonly Delivery[]): Html {
  const { event, state, attempts, lastStatus, reason } = t.deliveryColumns
  const rows = deliveries.map(
    one => html`<tr><td>${one.event}${one.messageId !== null && html`<span class="under">${one.messageId}</span>`}</td>
<td>${t.deliveryStates[one.state] ?? one.state}</td><td class="num">${one.attempts}</td><td class="num">${one.lastStatus ?? '–'}</td><td>${one.reason ?? '–'}</td></tr>`,
  )
  const names = [event, state, attempts, lastStatus, reason]
  const heads = names.map(
    name =>
      html`<th scope="col"${(name === attempts || name === lastStatus) && html` class="num"`}>${name}</th>`,
  )
  return html`<section class="card" aria-labelledby="deliveries"><h2 id="deliveries">${t.deliveries}</h2>
<p class="note">${deliveries.length > 0 ? t.deliveriesNote : t.noDeliveries}</p>
${
  deliveries.length > 0 &&
  html`<div class="scroll" tabindex="0" role="region" aria-label="${t.table(t.deliveries)}"><table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`
}</section>`
}
