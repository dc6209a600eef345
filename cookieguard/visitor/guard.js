/* The browser guard: holds cookies, storage and providers' tags to the policy, asks the visitor, and
   gives back what was held once it is accepted. `policy` is what rules.py writes. Served minified:
   `make script`. */
(policy => {
  // What is in a page may be named like a property of the document, and then hides it; not what is taken here.
  const page = document, here = location, script = page.currentScript, loads = policy.loads, children = page.children
  // In a frame, the page around it may have been here first: that one's is of another realm.
  if (window.cookieguard instanceof Object) return
  const mount = script.src.replace(/\/guard\.js.*/, '')
  const isMount = address => String(address).split(/[?#]/)[0] == mount
  const ours = isMount(here) || here.href.startsWith(mount + '/')
  const secure = /^https/.test(here)
  const entries = Object.entries

  // Natives: what scripts of the page may wrap or replace later.
  const describe = Object.getOwnPropertyDescriptor, define = Object.defineProperty
  const jar = describe(Document.prototype, 'cookie')
  // A sandboxed page has none, and may not even ask.
  const cookies = () => { try { return jar.get.call(page).split('; ') } catch { return [] } }
  const natively = window.fetch
  const {setAttribute: put, removeAttribute: drop, querySelectorAll: search, dispatchEvent: tell} = script

  // Replaces methods, setters or getters by what `make` builds around each of them.
  const patch = (owner, names, make) => {
    for (const name of names.split(' ')) {
      const object = owner?.prototype || owner
      const found = object && describe(object, name) || {}, kind = ['set', 'get', 'value'].find(kind => found[kind])
      if (kind) define(object, name, {...found, [kind]: make(found[kind])})
    }
  }

  // Consent: the text that consent/seal.py writes. Only the server can tell a forged one, and takes
  // it away.

  let allowed, asks

  const inside = (host, domain) => host == domain || host.endsWith('.' + domain)
  const consentCookie = policy.names[+(secure && !inside(here.hostname, policy.domain))]
  const isAllowed = id => allowed.has(id)

  const choices = text => {
    const made = {}
    for (const [, sign, id, token, age] of text.matchAll(/\.([+*-])([\w-]+):([\w-]+)~?(\d*)/g)) {
      const days = (Date.now() - Date.parse(text.slice(2, 12))) / 864e5 + +age
      if ((sign == '-' || days >= 0) && days < policy.days && /^1\./.test(text)) made[id] = sign + token
    }
    return made
  }

  const judge = () => {
    const prefix = consentCookie + '='
    const sent = cookies().filter(pair => pair.startsWith(prefix)).map(pair => choices(pair.slice(prefix.length)))
    allowed = new Set(['essential'])
    asks = false
    for (const [id, category] of entries(policy.categories)) {
      const made = sent.map(each => each[id])
      const all = test => sent[0] && made.every(choice => choice && test(choice))
      const stands = all(choice => category.tokens.includes(choice.slice(1)))
      const accepted = stands && all(choice => choice[0] != '-')
      // "An explicit acceptance made under it beats it."
      if (category.gpc && navigator.globalPrivacyControl && !(accepted && all(choice => choice[0] == '*'))) continue
      if (accepted || !stands && policy.optOut && !made.some(choice => choice?.[0] == '-')) allowed.add(id)
      asks ||= !stands
    }
  }

  // Cookies: the rules of the server's guard, for what scripts write.

  const matching = name => rule => rule.pattern ? new RegExp(rule.pattern, 's').test(name) : rule.name == name

  const classify = (name, host) => {
    const matches = matching(name)
    const third = policy.cookies.find(rule => rule.third && inside(host, rule.third) && matches(rule))
    const first = policy.cookies.find(rule => !rule.third && matches(rule))
    return third && !first?.needed ? third : first
  }

  // As classifier.is_under: what servers read in different ways lies under nothing. Browsers have
  // resolved dots and backslashes.
  const isUnder = prefixes => {
    try {
      const path = decodeURIComponent(here.pathname) + '/'
      return !/%(2[ef5]|5c|3b|00)|\/\/|;/i.test(here.pathname) && prefixes.some(prefix => path.startsWith(prefix.replace(/\/?$/, '/')))
    } catch {}
  }

  const permits = rule => rule ? isAllowed(rule.category) || rule.under && isUnder(rule.under) : policy.undeclared
  const isReserved = name => policy.names.includes(name)
  const rank = sameSite => ['lax', 'strict'].indexOf(String(sameSite).toLowerCase())

  const halves = text => /^([^=]*)=?(.*)/s.exec(text).slice(1).map(text => text.replace(/^[ \t]+|[ \t]+$/g, ''))

  // Returns the line that may be written, or nothing.
  const screen = line => {
    if (/[\0-\x08\n-\x1f\x7f]/.test(line)) return
    const [pair, ...attributes] = line.split(';'), [name] = halves(pair), found = {}
    for (const part of attributes) {
      const [key, text] = halves(part)
      if (text.length <= 1024) found[key.toLowerCase()] = text
    }
    // A nameless one is stored, or sent back, under a name that stands in its value.
    const names = name && /=/.test(pair) ? [name] : ['', halves(pair.replace(/^[=\t ]+/, ''))[0]]
    // A date that all browsers read alike, whatever its zone; any other is none.
    const date = /^\D*\d+\D+\d{4} \S{6,}/.exec(found.expires)
    const age = /^-?\d+$/.test(found['max-age']) ? +found['max-age'] : (Date.parse(date + ' GMT') - Date.now()) / 1e3
    const host = (found.domain || '').replace(/^\./, '').toLowerCase() || here.hostname
    const rules = names.map(each => classify(each, host)), rule = rules[0] || {}
    if (names.some(isReserved)) return
    // Deletions always pass, as such: a date that we take for past, the browser may not.
    if (!rules.every(permits)) return age <= 0 && line + '; Max-Age=-1'
    const ends = /^\s*(max-age|expires)\s*(=|$)/i, added = []
    let kept = attributes
    if (rule.lifetime >= 0 && attributes.some(part => ends.test(part)) && !(age <= rule.lifetime)) {
      kept = attributes.filter(part => !ends.test(part))
      if (rule.lifetime && age) added.push('Max-Age=' + rule.lifetime)
    }
    if (rule.secure && secure && !('secure' in found)) added.push('Secure')
    if (rank(rule.sameSite) > rank(found.samesite)) added.push('SameSite=' + rule.sameSite)
    return kept == attributes && !added[0] ? line : [pair, ...kept, ...added].join(';')
  }

  // Storage: only what is declared is held, for a page's own state must not be lost.

  const stores = new WeakMap()
  // Its own, its rules, and what the page sees of it.
  const storeOf = store => stores.get(store) || [store, [], store]
  const bars = (store, key) => {
    const rule = storeOf(store)[1].find(matching(String(key)))
    return rule && !permits(rule)
  }

  // Takes away what is there and refused, as far as scripts can.
  const sweep = () => {
    for (const pair of cookies()) {
      const name = pair.split('=')[0], rule = classify(name, here.hostname)
      if (!rule || rule.needed || isAllowed(rule.category)) continue
      for (const domain of ['', rule.domain, here.hostname, policy.domain]) {
        for (const more of ['', '; Partitioned']) {
          jar.set.call(page, name + '=; Max-Age=-1; Path=' + (rule.path || '/') + (domain ? '; Domain=' + domain : '') + (secure ? '; Secure' : '') + more)
        }
      }
    }
    for (const area in policy.storage) {
      try {
        const store = window[area]
        for (const [key] of entries(store)) if (bars(store, key)) store.removeItem(key)
      } catch {}
    }
  }

  // Addresses: whose they are, and whether they wait for consent.

  // 0 where nobody's host can be read of it: of `javascript://host/` none, of no address either.
  const claim = address => {
    try {
      const host = new URL(new URL(address, script.baseURI).origin).hostname.replace(/\.$/, '')
      const claimed = policy.hosts.find(([name]) => inside(host, name))
      // The site itself waits for nobody.
      return claimed && host == here.hostname ? [host, [[]]] : claimed
    } catch { return 0 }
  }
  const waits = address => {
    const claimed = claim(address)
    return claimed && !claimed[1].some(needs => needs.every(isAllowed))
  }
  // Whether one of the addresses in an attribute passes the test.
  const some = (name, value, test) => name == 'srcdoc' ? tame(value, test) != value
    : (/srcset$/.test(name) ? value.split(/[\0- ,]+/) : [value]).some(test)

  // The inert names under which addresses wait, and what each stands for.
  const {inert, live, held: HELD, watched: WATCHED} = policy

  // Mark-up in which the addresses that pass the test stand under their inert names; `back` gives others of the
  // providers their own, since the server holds what is fetched, whoever accepted it.
  const tame = (text, test, back) => text.replace(/<([a-z][^\s/>]*)((?:=\s*("[^"]*"|'[^']*')|[^>])*)/gi, (whole, tag, attributes) => {
    const names = loads[tag.toLowerCase()]
    return names ? '<' + tag + attributes.replace(/([^\s"'<>/=]+)(?:(\s*=\s*)("[^"]*"|'[^']*'|[^\s>]+))?/g, (all, name, equals, value) => {
      const real = live[name.toLowerCase()] || name.toLowerCase(), is = test => some(real, value.replace(/^["']|["']$/g, '').replace(/&#(x?[\da-f]+);?/gi, (_, key) => String.fromCharCode('0' + key)), test)
      return value && names.includes(real) ? (is(test) ? inert[real] : back && !/data-cookieguard/i.test(attributes) && is(claim) ? real : name) + equals + value : all
    }) : whole
  })

  let trusted = {createHTML: String, createScriptURL: String}
  try { trusted = trustedTypes.createPolicy('cookieguard', trusted) } catch {}

  // What waits: an address stands under its inert name in its own element, whoever put it there.

  // Each element that waits, in the page's order, with its addresses as a script gave them.
  const waiting = new Map()

  // Whatever the `rel` of a link or the type of an input: both may change later.
  // (Of a form, its own properties may be fields.)
  const namesOf = element => loads[element.localName.toLowerCase?.()] || []

  // Keeps back an address that a script sets; the element stays, with its listeners.
  const hold = (element, name, value) => {
    name = String(name).toLowerCase()
    if (!namesOf(element).includes(name)) return
    const held = some(name, String(value), waits)
    if (held) {
      put.call(element, inert[name], value)
      // A page may make pixels without end.
      if (waiting.size < 1e3) waiting.set(element, new Map(waiting.get(element)).set(name, value))
    } else drop.call(element, inert[name])
    return held
  }

  const unless = test => native => function (...given) { return test(this, ...given) ? false : native.apply(this, given) }

  // Mark-up loads before an observer hears of it, on detached trees too.
  const markup = native => function (...values) {
    return native.apply(this, values.map(value => {
      const text = String(value), safe = tame(text, waits, 1)
      return safe == text ? value : window.trustedTypes?.isHTML(value) ? trusted.createHTML(safe) : safe
    }))
  }

  // Requests without a tag.
  const later = []
  const whenFree = (address, go) => waits(address) ? later.push([address, go]) : go()
  const target = Symbol()

  // Puts all that between a window and its scripts: this one's, and those of its frames that have no address.
  const arm = window => {
    if (window != self && window.cookieguard) return
    window.cookieguard = api
    const {document, Element, XMLHttpRequest} = window

    patch(window.Document, 'cookie', native => function (line) {
      const kept = screen(String(line))
      if (kept) native.call(this, kept)
    })
    patch(window.CookieStore, 'set', native => async function (...given) {
      const [name, value] = given, cookie = name.name == null ? {name, value} : name
      let line = cookie.name + '=' + cookie.value
      for (const [key, value] of entries({path: '/', sameSite: 'strict', secure: 1, ...cookie})) {
        if (value) line += `; ${key}=` + (key == 'expires' ? new Date(+value).toUTCString() : value)
      }
      const kept = screen(line)
      if (kept == line) return native.apply(this, given)
      if (kept) jar.set.call(page, kept)
      // The two ways to the jar are two queues in Chromium: only a reading by this one waits for it.
      cookies()
    })

    for (const [area, rules] of entries(policy.storage)) {
      try {
        const store = window[area]
        // `localStorage.key = value` calls no method.
        const value = new Proxy(store, {
          get: (_, key) => store[key],
          defineProperty: (_, key, property) => bars(store, key) || Reflect.defineProperty(store, key, property),
        })
        for (const key of [store, value]) stores.set(key, [store, rules, value])
        define(window, area, {value, configurable: 1})
      } catch {}
    }
    patch(window.Storage, 'getItem removeItem clear key length', native => function (...given) { return native.apply(storeOf(this)[0], given) })
    patch(window.Storage, 'setItem', native => function (...given) { if (!bars(this, given[0])) native.apply(storeOf(this)[0], given) })
    patch(window.StorageEvent, 'storageArea', native => function () { return storeOf(native.call(this))[2] })

    for (const [tag, names] of entries(loads)) {
      for (const name of names) {
        let owner = document.createElement(tag)
        while (owner && !describe(owner, name)) owner = Object.getPrototypeOf(owner)
        patch(owner, name, unless((element, value) => hold(element, name, value)))
      }
    }
    patch(Element, 'setAttribute', unless(hold))
    patch(Element, 'setAttributeNS', unless((element, space, name, value) => hold(element, name, value)))
    patch(Element, 'setAttributeNode setAttributeNodeNS', unless((element, node) => hold(element, node.name, node.value)))
    for (const owner of [Element, window.ShadowRoot, window.Document, window.Range, window.DOMParser]) {
      patch(owner, 'innerHTML outerHTML insertAdjacentHTML setHTMLUnsafe write writeln createContextualFragment parseFromString', markup)
    }
    patch(Element, 'attachShadow', native => function (options) {
      const root = native.call(this, options)
      watch(root)
      return root
    })

    patch(window, 'fetch', native => (...given) =>
      new Promise(done => whenFree(given[0].url || given[0], () => done(native(...given)))))
    patch(XMLHttpRequest, 'open', native => function (...given) {
      this[target] = given[1] + ''
      native.apply(this, given)
    })
    patch(XMLHttpRequest, 'send', native => function (...given) { whenFree(this[target], () => native.apply(this, given)) })
    patch(window.Navigator, 'sendBeacon', unless((owner, address) => waits(address)))
    patch(window, 'WebSocket EventSource Audio', native => new Proxy(native, {
      construct(native, given, made) {
        if (waits(given[0])) throw new DOMException('cookieguard', 'SecurityError')
        return Reflect.construct(native, given, made)
      },
    }))

    patch(window.HTMLIFrameElement, 'contentWindow contentDocument', native => function () {
      const found = native.call(this)
      try { arm(found.defaultView || found) } catch {}
      return found
    })
    watch(document)
  }

  // Held tags: those that the server renamed, those that came in behind our back, and those that
  // the page itself gates by `data-cookieguard`.

  const gateOf = element => element.getAttribute('data-cookieguard')
  const namesBack = element => gateOf(element) == null ? live : policy.gated

  const isReady = element => waiting.has(element) && (gateOf(element)?.match(/\S+/g) || []).every(isAllowed) &&
    [...element.attributes].every(({name, value}) => {
      const real = namesBack(element)[name]
      // One planted under the inert name, of a host that nobody declared, stays where it is; so does what runs as
      // a script of this page's, and what sanitizers let through as `data-src`.
      return !real || real == 'type' || some(real, value, address => claim(address) ?? !live[name]) && !some(real, value, waits)
    })

  const inspect = element => {
    for (const name of namesOf(element)) {
      const value = element.getAttribute(name)
      if (value && some(name, value, waits)) {
        put.call(element, inert[name], value)
        drop.call(element, name)
      }
    }
    if (namesOf(element)[0] && element.matches(HELD)) {
      // Without its address a script would run the text between its tags.
      if (element.localName == 'script' && element.type != 'text/plain') {
        put.call(element, '_type', element.type)
        put.call(element, 'type', 'text/plain')
      }
      // With what a script gave, if it is one that a script held.
      waiting.set(element, waiting.get(element))
    }
    // Before a frame's document is parsed, whose window stays the one that it had.
    element.contentWindow
    if (isReady(element)) release()
    if (element.shadowRoot) watch(element.shadowRoot)
  }

  // Gives an element its addresses back. Some look at them only as they come into the page, so that all
  // come anew but body, table and its parts.
  const free = element => {
    const given = new Map(waiting.get(element)), place = new Comment, back = namesBack(element), write = page.write
    waiting.delete(element)
    if (back != live && element.type == 'text/plain') drop.call(element, 'type')
    if (/^[^bt]/.test(element.localName)) element.replaceWith(place)
    for (const {name, value} of [...element.attributes]) {
      const real = back[name]
      if (real != null) drop.call(element, name)
      // A script without a type had none: libraries compare.
      if (real) (value ? put : drop).call(element, real, given.get(real) || trusted[real == 'srcdoc' ? 'createHTML' : 'createScriptURL'](value))
    }
    // An old tag writes where it stands. The browser's own way would by now write over the whole page.
    page.write = text => place.before(new Range().createContextualFragment(text))
    place.before(element)
    page.write = write
    place.remove()
  }

  let releasing
  const release = () => {
    for (const each of later.splice(0)) try { whenFree(...each) } catch {}
    releasing = (async () => {
      await releasing
      // What the parser is at this moment closing, Firefox would never run, and some frames come without their address.
      await new Promise(setTimeout)
      const loading = [], isLate = element => element.matches(policy.late)
      for (const element of [...waiting.keys()].filter(isReady).sort((one, other) => isLate(one) - isLate(other))) {
        const isParsed = element.localName == 'script' && !waiting.get(element), addressed = element.matches(policy.addressed)
        if (isParsed) {
          if (!addressed) await Promise.all(loading)
          element.async = element.matches('[async]')
        }
        try { free(element) } catch {}
        if (isParsed && addressed && !element.async) loading.push(new Promise(done => {
          for (const name of ['load', 'error']) element.addEventListener(name, done)
          // Not every script comes: one that innerHTML wrote, or of a type that isn't known, never does.
          setTimeout(done, 3e3)
        }))
      }
    })()
  }

  const observer = new MutationObserver(records => {
    for (const {target, addedNodes, attributeName} of records) {
      for (const node of attributeName ? [target] : addedNodes) {
        if (node.matches) [node, ...search.call(node, WATCHED)].forEach(inspect)
      }
    }
  })
  const watch = tree => {
    observer.observe(tree, {attributeFilter: policy.attributes, subtree: 1, childList: 1})
    tree.querySelectorAll(WATCHED).forEach(inspect)
  }

  // What the visitor sees: the server's own pages, moved in here.

  // What stands at the end of the page: the banner, later the way to the settings. Not in its body, which some
  // sites replace, and others transform: what is fixed in there scrolls with it.
  let banner, dialog, styled

  const bring = async path => {
    const answer = await new Promise(done => {
      const client = new XMLHttpRequest()
      client.open('GET', mount + '/' + path + '?lang=' + policy.language)
      client.responseType = 'document'
      client.onloadend = () => done(client.response)
      client.send()
    })
    // Read where they come from: a `<base>` of this page may lead elsewhere.
    answer?.querySelectorAll('[href]').forEach(each => each.href += '')
    const style = answer?.querySelector('link')
    if (style && !styled) {
      styled = style
      style.nonce = script.nonce
      await new Promise(done => {
        style.onload = style.onerror = done
        children[0].append(style)
      })
    }
    return answer?.body.firstElementChild
  }

  // Where the browser doesn't keep the choice, asking again and again would not help.
  const unkept = action => {
    try { return sessionStorage[action]('cookieguard', 1) } catch { return 1 }
  }

  const close = () => {
    if (!banner) return
    const focused = banner.matches(':focus-within')
    banner.remove()
    banner = 0
    offer()
    // Whoever decided by keyboard would start anew at the top of the page, and hear nothing.
    if (focused) banner.lastChild?.focus()
  }
  const ask = async () => {
    const brought = asks && !unkept('getItem') && await bring('banner')
    banner = asks && brought
    banner ? children[0].append(banner) : offer()
  }

  // A way to the settings, on pages that have none of their own.
  const offer = () => {
    if ([...page.links].some(isMount)) return
    banner = page.createElement('aside')
    const link = page.createElement('a')
    banner.className = 'cg-settings'
    banner.ariaLabel = link.text = policy.words
    link.href = mount
    // Where a page lays out its body as a row or a grid, it has no place of its own.
    banner.style = link.style = 'all:revert;position:fixed;inset-inline-start:0;bottom:0;padding:.5em;font-size:medium;z-index:9999;background:Canvas'
    banner.append(link)
    children[0].append(banner)
  }

  const show = async () => {
    dialog = await bring('dialog')
    if (!dialog) return here.assign(mount)
    dialog.onclose = dialog.remove
    children[0].append(dialog)
    dialog.showModal()
  }

  // Decisions.

  // One object for all: a tag that is released later finds its default as things stand then.
  const states = {}
  const signals = action => {
    for (const name in policy.signals) states[name] = policy.signals[name].every(isAllowed) ? 'granted' : 'denied'
    // Google Consent Mode: gtag() is nothing but this.
    if (policy.signals) (function () { (window.dataLayer ||= []).push(arguments) })('consent', action, states)
  }

  // Looks at the consent again, whoever changed it: this page, another tab, the way back.
  const check = () => {
    const before = allowed, open = asks
    judge()
    const lost = [...before].some(id => !isAllowed(id))
    if (lost || before.size != allowed.size || open != asks) {
      sweep()
      signals('update')
      tell.call(page, new CustomEvent('cookieguard:change', {detail: {allowed: [...allowed]}}))
      lost ? here.reload() : release()
    }
    asks || close()
  }

  let channel

  const post = async fields => {
    const answer = await natively(mount, {method: 'POST', headers: {accept: 'application/json'}, body: new URLSearchParams(fields)})
    const state = await answer.json()
    if (state.error) throw new Error(state.error)
    dialog?.close()
    check()
    channel.postMessage('')
    close()
    sweep()
    if (state.stale) show()
    if (asks && !state.undecided[0]) unkept('setItem')
  }
  const decide = choice => async (ids = Object.keys(policy.categories)) =>
    ids[0] && post([['choice', choice], ...policy.digests, ...ids.map(id => ['asked', id])])

  addEventListener('submit', event => {
    // By its class alone, a form of somebody's could pass for ours. Another form's `method` may be a field of it.
    if (![banner, dialog].some(each => each?.contains?.(event.target)) || event.target.method == 'dialog') return
    event.preventDefault()
    // Browsers of before 2023 leave the submitter out: the server then refuses, and the preferences' page opens.
    post(new FormData(event.target, event.submitter)).catch(() => here.assign(mount))
  }, true)
  addEventListener('click', event => {
    if (ours || event.ctrlKey || event.metaKey || event.shiftKey || !isMount(event.target.closest('a'))) return
    event.preventDefault()
    show()
  }, true)

  const listen = () => {
    channel = new BroadcastChannel('cookieguard')
    channel.onmessage = check
    ours && channel.postMessage('')
    check()
  }
  addEventListener('pageshow', event => event.persisted && listen())
  // An open channel would keep the page out of the back/forward cache.
  addEventListener('pagehide', () => channel.close())

  const api = {
    allows: isAllowed,
    accept: decide('all'),
    refuse: decide('none'),
    show,
    on: (name, listener) => page.addEventListener('cookieguard:' + name, event => listener(event.detail)),
  }

  judge()
  signals('default')
  // A default of the page's own, behind ours, would stand otherwise.
  asks || signals('update')
  arm(window)
  sweep()
  listen()
  const start = () => {
    release()
    ours || window != top || ask()
  }
  page.readyState == 'loading' ? addEventListener('DOMContentLoaded', start) : start()
})(POLICY)
