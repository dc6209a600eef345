// The table of what this browser holds of the shop: when the page opened, and now.
const table = document.querySelector('#held')
const categories = JSON.parse(table.dataset.categories)

const look = () => [
  ...document.cookie.split('; ').filter(Boolean).map(pair => [pair.split('=')[0], 'cookie']),
  ...Object.keys(localStorage).map(key => [key, 'local storage']),
  ...Object.keys(sessionStorage).map(key => [key, 'session storage']),
].map(each => each.join('\n'))

const atFirst = look()

const row = (...cells) => {
  const made = document.createElement('tr')
  for (const text of cells) made.insertCell().textContent = text
  return made
}

const show = () => {
  const now = look()
  const rows = [...new Set([...atFirst, ...now])].sort().map(each => {
    const [name, kind] = each.split('\n')
    const mark = held => held.includes(each) ? '✓' : '–'
    return row(name, kind, categories[name] || 'undeclared', mark(atFirst), mark(now))
  })
  table.tBodies[0].replaceChildren(...rows.length ? rows : [row('nothing', '', '', '', '')])
}

// What the shop's server sets comes with its next response, so ask for one.
cookieguard.on('change', () => fetch('/').then(show, () => {}))

// Scripts write whenever they like.
setInterval(show, 500)
show()
