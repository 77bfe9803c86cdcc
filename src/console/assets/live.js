// New entries of the audit log, as they come. Without this script the page has a link that refreshes it.
const list = document.querySelector('[data-feed]')
const rows = list.querySelector('tbody')
const template = list.querySelector('template')
const status = list.querySelector('[data-status]')
const MOST = 200
let newest = Number(list.dataset.last)
let count = 0

const source = new EventSource(list.dataset.feed)
source.addEventListener('regel', event => {
  const entry = JSON.parse(event.data)
  // A connection that was made anew may tell the same again.
  if (entry.index <= newest) return
  newest = entry.index
  count += 1
  rows.prepend(rowOf(entry))
  while (rows.children.length > MOST) rows.lastElementChild.remove()
  status.textContent = list.dataset.news.replace('#', String(count))
})
source.addEventListener('einde', () => {
  source.close()
  status.textContent = list.dataset.ended
})

function rowOf(entry) {
  const row = template.content.firstElementChild.cloneNode(true)
  const part = name => row.querySelector(`[data-part="${name}"]`)
  const link = part('index')
  link.textContent = entry.number
  link.href += entry.index
  link.setAttribute('aria-label', link.getAttribute('aria-label').replace('#', entry.number))
  part('time').textContent = entry.moment
  part('time').dateTime = entry.at
  part('sentence').textContent = entry.sentence
  const message = part('message')
  if (entry.messageId === '') message.remove()
  else {
    message.textContent = entry.messageId
    message.href += entry.messageId
  }
  const outcome = part('outcome')
  if (entry.outcome === '') outcome.remove()
  else {
    outcome.textContent = entry.outcome
    outcome.classList.add(entry.tone)
  }
  part('code').textContent = entry.code
  return row
}
