import type { SandboxState } from './control.ts'
import { type Html, html } from './html.ts'
import type { CodeText, SandboxRole, SandboxSettings } from './options.ts'
import { drawDeliveries, drawSeen } from './page-seen.ts'
import type { Seen } from './record.ts'
import { CHOICES, type ScenarioName } from './scenario.ts'
import { type Language, type Texts, textsOf } from './texts.ts'

export interface PageContent {
  settings: SandboxSettings
  state: SandboxState
  /** The newest first. */
  seen: readonly Seen[]
  codes: readonly CodeText[]
}

/** The page of the sandbox: settings, what can be chosen, and what happened. Works without a script. */
export function drawPage(content: PageContent, language: Language): string {
  const { settings, state } = content
  const t = textsOf(language)
  const isVdab = settings.role === 'vdab'
  const search = language === 'en' ? '?taal=en' : ''
  return draw(
    t,
    { path: '/sandbox', title: t.title },
    html`<div class="head"><h1>${t.title}</h1><p class="lead">${t.intro[settings.role]}</p>
<p><a href="/sandbox${search}">${t.refresh}</a> · <a href="/docs">${t.apiDocs}</a> · <a href="/sandbox/codes${search}">${t.allCodes}</a></p></div>
<div class="halves">
${drawScenario(t, settings.role, state)}
<div class="pile">${drawClock(t, state)}${isVdab && drawCompanies(t)}</div>
</div>
<section class="card" aria-labelledby="arrived"><h2 id="arrived">${t.arrived}</h2>
<p class="note">${content.seen.length > 0 ? t.newest : t.nothing}</p>
${content.seen.length > 0 && drawSeen(t, content.seen, new Map(content.codes.map(one => [one.code, one])))}</section>
${drawDeliveries(t, state.deliveries)}
${drawSettings(t, settings)}`,
  )
}

/** Every code of the gateway, what it means and what to do. */
export function drawCodes(codes: readonly CodeText[], language: Language): string {
  const t = textsOf(language)
  const search = language === 'en' ? '?taal=en' : ''
  const rows = codes.map(({ code, status, title, remedy, nl }) => {
    const said = language === 'en' ? { title, remedy } : nl
    return html`<tr id="${code}"><th scope="row">${code}</th><td class="num">${status}</td><td>${said.title}</td><td>${said.remedy}</td></tr>`
  })
  return draw(
    t,
    { path: '/sandbox/codes', title: t.codesTitle },
    html`<div class="head"><h1>${t.codesTitle}</h1><p><a href="/sandbox${search}">${t.back}</a></p></div>
<section class="card"><div class="scroll" tabindex="0" role="region" aria-label="${t.table(t.codesTitle)}"><table>
<thead><tr><th scope="col">${t.code}</th><th scope="col" class="num">${t.status}</th><th scope="col">${t.meaning}</th><th scope="col">${t.remedy}</th></tr></thead>
<tbody>${rows}</tbody></table></div></section>`,
  )
}

function draw(t: Texts, { path, title }: { path: string; title: string }, body: Html): string {
  const other = t.lang === 'nl' ? 'en' : 'nl'
  return html`<!doctype html>
<html lang="${t.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Huisbrug</title>
<link rel="stylesheet" href="/console/bestanden/console.css">
<link rel="icon" type="image/svg+xml" href="/console/bestanden/icon.svg">
</head>
<body>
<a class="skip" href="#inhoud">${title}</a>
<header class="side"><div class="who">
<div class="brand"><img src="/console/bestanden/icon.svg" alt=""><span>Huisbrug<small>${t.tagline}</small></span></div>
<p class="language"><a href="${path}?taal=${other}" lang="${other}" hreflang="${other}">${t.other}</a></p>
</div></header>
<main id="inhoud" tabindex="-1">
${body}
</main>
</body>
</html>
`.text
}

function drawScenario(t: Texts, role: SandboxRole, { scenario }: SandboxState): Html {
  const nameOf = (kind: string, name: ScenarioName) =>
    kind === 'found' && role === 'vdab' && name in t.senders
      ? t.senders[name as keyof typeof t.senders]
      : t.names[name]
  const kinds = (Object.keys(CHOICES) as (keyof typeof CHOICES)[]).filter(
    kind => kind !== 'reach' || role !== 'vdab',
  )
  const fields = kinds.map(kind => {
    const options = CHOICES[kind].map(
      name =>
        html`<option value="${name}"${scenario[kind] === name && html` selected`}>${nameOf(kind, name)}</option>`,
    )
    return html`<div class="field"><label for="${kind}">${t.kinds[kind][role]}</label><select id="${kind}" name="${kind}">${options}</select></div>`
  })
  return html`<section class="card" aria-labelledby="scenario"><h2 id="scenario">${t.scenario}</h2>
<form method="post" action="/sandbox/scenario" class="filters">${language(t)}${fields}
<div class="field"><label for="afterDays">${t.afterDays[role]}</label><input id="afterDays" name="afterDays" type="number" min="0" max="400" value="${scenario.afterDays}"></div>
<div class="actions"><button>${t.apply}</button></div></form></section>`
}

function drawClock(t: Texts, { day, waiting: { people, nextDay } }: SandboxState): Html {
  return html`<section class="card" aria-labelledby="clock"><h2 id="clock">${t.clock}</h2>
<p>${t.day(day)} ${nextDay === undefined ? t.nothingWaits : t.waiting(people, nextDay)}</p>
<form method="post" action="/sandbox/clock" class="filters">${language(t)}
<div class="field"><label for="days">${t.days}</label><input id="days" name="days" type="number" min="1" max="400" value="1"></div>
<div class="actions"><button>${t.forward}</button></div></form></section>`
}

function drawCompanies(t: Texts): Html {
  return html`<section class="card" aria-labelledby="companies"><h2 id="companies">${t.companies}</h2>
<form method="post" action="/sandbox/send" class="filters">${language(t)}
<div class="field"><label for="tenants">${t.perCompany}</label><input id="tenants" name="tenants" type="number" min="1" max="200" value="10"></div>
<div class="actions"><button>${t.send}</button><button formaction="/sandbox/end-tenancies" class="quiet">${t.end}</button></div></form></section>`
}

function drawSettings(t: Texts, settings: SandboxSettings): Html {
  const shown = { ...settings, answers: t.answers[settings.answers] } as Record<string, unknown>
  const facts = Object.entries(t.labels).flatMap(([name, label]) => {
    const value = shown[name]
    return typeof value === 'string' ? [html`<dt>${label}</dt><dd>${value}</dd>`] : []
  })
  return html`<section class="card" aria-labelledby="settings"><h2 id="settings">${t.settings}</h2><dl class="facts">${facts}</dl></section>`
}

// What is sent goes back to the page in its language.
function language(t: Texts): Html {
  return html`<input type="hidden" name="taal" value="${t.lang}">`
}
