/** Own style of a readable protocol: system fonts, AA contrast, and A4 when printed. */
const STYLE = `
:root { color-scheme: light; --ink: #17212b; --muted: #4a5763; --line: #c4ccd3; --soft: #eef2f4;
  --accent: #0f4c5c; --warn: #fdf1dc; --warn-line: #a86400; }
* { box-sizing: border-box; }
html { font: 16px/1.55 system-ui, 'Segoe UI', 'Noto Sans', 'Liberation Sans', sans-serif;
  color: var(--ink); background: #fff; }
body { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .75rem; color: var(--accent); }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.25rem 0 .75rem; padding-bottom: .3rem;
  border-bottom: 2px solid var(--accent); color: var(--accent); }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
h4 { font-size: 1rem; margin: 1.1rem 0 .35rem; }
h2 .number { font-weight: 400; margin-right: .35em; }
p, ul { margin: .5rem 0; max-width: 46rem; overflow-wrap: anywhere; }
h1, h2, h3, h4 { overflow-wrap: break-word; }
ul { padding-left: 1.3rem; }
li { margin: .25rem 0; }
a { color: #0b5567; overflow-wrap: anywhere; }
dl { margin: .6rem 0; }
dl > div { display: grid; grid-template-columns: 16rem 1fr; gap: 0 1.25rem; padding: .1rem 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; table-layout: fixed;
  margin: .8rem 0 1.2rem; }
caption { text-align: left; font-weight: 600; padding: 0 0 .4rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem; border: 1px solid var(--line);
  min-width: 5.5rem; overflow-wrap: break-word; hyphens: auto; }
thead th { background: var(--soft); font-weight: 600; }
tbody th { font-weight: 600; }
.more { display: block; color: var(--muted); font-size: .86rem; font-weight: 400; margin-top: .2rem; }
.note { border-left: 4px solid var(--accent); background: var(--soft); padding: .6rem .9rem;
  margin: .9rem 0; max-width: 46rem; }
.note.warning { border-color: var(--warn-line); background: var(--warn); }
.note p { margin: .2rem 0; }
nav ol { list-style: none; padding: 0; columns: 2; column-gap: 2rem; }
nav li { break-inside: avoid; margin: 0; padding: .15rem 0; }
figure { margin: .8rem 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { color: var(--muted); font-size: .88rem; }
.changes { list-style: none; padding: 0; }
.changes li { margin: .7rem 0; padding: .2rem 0 .2rem .9rem; border-left: 5px solid var(--line);
  break-inside: avoid-page; }
.changes .added { border-left: 5px solid #1c6b3c; }
.changes .removed { border-left: 5px dashed #9c2a2a; }
.changes .changed, .changes .reordered { border-left: 5px double var(--warn-line); }
.sign { display: inline-block; width: 1.4em; font-weight: 700; }
.kind { border: 1px solid currentcolor; border-radius: .2rem; padding: 0 .35em; font-size: .85rem; }
.del, .ins { margin: .3rem 0 .3rem 1.4em; max-width: 46rem; overflow-wrap: anywhere; }
del { color: #7a1f1f; text-decoration: line-through; text-decoration-thickness: 1px; }
ins { color: #14532d; text-decoration: underline; text-underline-offset: .2em; }
footer { margin-top: 3rem; padding-top: .8rem; border-top: 1px solid var(--line);
  color: var(--muted); font-size: .88rem; overflow-wrap: anywhere; }
@media screen and (max-width: 40rem) {
  dl > div { grid-template-columns: 1fr; }
  dd { margin-bottom: .5rem; }
  nav ol { columns: 1; }
  table, caption, tbody, tr, tbody th, td { display: block; width: 100%; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border: 1px solid var(--line); margin: 0 0 .8rem; }
  tbody th, td { border: 0; overflow-wrap: anywhere; }
  tbody th { background: var(--soft); }
  td::before { content: attr(data-label); display: block; color: var(--muted); font-size: .86rem; }
}
@media print {
  html { font-size: 10pt; line-height: 1.4; }
  body { max-width: none; padding: 0; }
  a { color: inherit; text-decoration: none; }
  h1, h2, h3, h4, caption { break-after: avoid; }
  h3 + .note, h4 + .note { break-after: avoid; }
  h2 { margin-top: 1.6rem; }
  dl > div, li, .note, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  thead, thead tr { break-after: avoid; }
  tbody tr:first-child, dl > div:last-child:not(:first-child) { break-before: avoid; }
  p { orphans: 3; widows: 3; }
  th, td { padding: .35rem .45rem; }
  * { print-color-adjust: exact; }
}
`

/** Style, with the margins of an A4 page: what the document is, and the page of how many. */
export function styleOf(margin: string, size: 'A4' | 'A4 landscape'): string {
  // Nothing but letters, digits and dots may reach the style sheet.
  const safe = margin.replace(/[^A-Za-z0-9 ._-]/g, '')
  const font = `font: 8pt system-ui, 'Liberation Sans', sans-serif; color: #4a5763;`
  return `${STYLE}@page { size: ${size}; margin: 18mm 16mm 20mm;
  @bottom-left { content: "${safe}"; ${font} }
  @bottom-right { content: "bladzijde " counter(page) " van " counter(pages); ${font} } }
`
}
