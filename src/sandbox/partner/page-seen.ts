import type { Delivery } from '../../client/types.ts'
import { type Html, html } from './html.ts'
import type { CodeText } from './options.ts'
import type { Seen, Why } from './record.ts'
import type { Texts } from './texts.ts'

const MOST_REASONS = 10

/** What the sandbox saw, as a table: each call with its outcome, and each reason of a refusal. */
export function drawSeen(
  t: Texts,
  seen: readonly Seen[],
  codes: ReadonlyMap<string, CodeText>,
): Html {
  const { time, way, call, outcome, why } = t.columns
  const rows = seen.map(
    one => html`<tr><td class="when">${one.at.slice(11, 19)}</td>
<td>${t.ways[one.way]}${one.party !== '' && html`<span class="under">${one.party}</span>`}</td>
<td>${one.method} ${one.path}${one.times !== undefined && ` (${one.times}×)`}${one.type !== undefined && html`<span class="under">${one.type}</span>`}${one.messageId !== undefined && html`<span class="under">${one.messageId}</span>`}${drawData(t, one)}</td>
<td>${drawOutcome(t, one)}</td><td>${drawReasons(t, one, codes)}</td></tr>`,
  )
  const heads = [time, way, call, outcome, why].map(name => html`<th scope="col">${name}</th>`)
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${t.arrived}"><table><thead><tr>${heads}</tr></thead>
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

function drawReasons(t: Texts, { why }: Seen, codes: ReadonlyMap<string, CodeText>): Html {
  const rest = why.length - MOST_REASONS
  const shown = why.slice(0, MOST_REASONS).map(one => html`<li>${drawReason(t, one, codes)}</li>`)
  return html`<ul class="plain">${shown}${rest > 0 && html`<li>${t.more(rest)}</li>`}</ul>`
}

function drawReason(t: Texts, why: Why, codes: ReadonlyMap<string, CodeText>): Html {
  const { code, index, tenantRef, pointer, rule, remedy } = why
  const known = codes.get(code)
  const isDutch = t.lang === 'nl'
  // The gateway's own words stand beside the Dutch: they may say more about this one.
  const named = known
    ? html`<a href="/sandbox/codes${!isDutch && '?taal=en'}#${code}">${code}</a> ${isDutch ? known.nl.title : known.title}`
    : html`${code}`
  const remedies = [isDutch && known?.nl.remedy, remedy && html`<span lang="en">${remedy}</span>`]
  return html`<strong>${named}</strong>${index !== undefined && html`<span class="under">${t.item(index, tenantRef)}</span>`}
${pointer !== undefined && html`<span class="under">${t.place}: <code>${pointer === '' ? '/' : pointer}</code></span>`}${rule !== undefined && html`<span class="under">${t.rule}: <span lang="en">${rule}</span></span>`}
<span class="under">${t.remedy}: ${remedies[0]} ${remedies[1]}</span>`
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
  html`<div class="scroll" tabindex="0" role="region" aria-label="${t.deliveries}"><table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`
}</section>`
}
