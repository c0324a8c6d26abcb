// The inbox: a list of conversations, one of them open, and what is known about its contact.

const LOOK_FOR_NEWS_MS = 3_000
const VIEWS = {waiting: "Waiting", open: "Open", pending: "Pending", snoozed: "Snoozed", resolved: "Resolved", all: "All"}
const NOTHING = {
  waiting: ["Nobody is waiting", "Everything that was asked has an answer."],
  open: ["Nothing is open", "A conversation opens with a contact's message."],
  pending: ["Nothing is pending", "Set a conversation aside while it waits for somebody else."],
  snoozed: ["Nothing is snoozed", "A snoozed conversation comes back at its time, or with a new message."],
  resolved: ["Nothing is resolved yet", "A resolved conversation opens again with a new message."],
  all: ["No conversations yet", "They come with the messages: run a sync."],
}

function render({model, el}) {
  const root = shadowOf(el, CSS)
  const link = connect(model)
  const unfollow = followHost(el)
  const S = {list: null, thread: null, actor: "", sends: false, mayAct: false, canned: [], revealed: {}, drafts: {}, files: {}, trouble: "", only: false}
  const owns = Boolean(trait(model, "owns_address"))
  el.style.setProperty("--inbox-height", trait(model, "box_height") || "620px")

  const trouble = h("div", {class: "trouble", role: "alert", hidden: true})
  const listHead = h("div", {class: "list-head"}), rows = h("div", {class: "rows"}), listFoot = h("div", {class: "list-foot"})
  const head = h("div", {class: "thread-head"}), items = h("div", {class: "items", tabindex: 0, "aria-label": "Messages"})
  const thread = h("section", {class: "thread", "aria-label": "Conversation"})
  const about = h("aside", {class: "about", "aria-label": "About the contact"})
  const search = h("input", {type: "search", placeholder: "Text, name, number or SID", "aria-label": "Search conversations"})
  const views = h("div", {class: "views", role: "group", "aria-label": "Which conversations"})
  const frame = h("div", {class: "frame"},
    h("nav", {class: "list", "aria-label": "Conversations"}, listHead, rows, listFoot), thread, about)
  const box = h("div", {class: "inbox"}, trouble, frame)
  root.append(box)
  listHead.append(h("div", {class: "search"}, icon("search", 15), search), views)
  // What is typed here is nobody else's shortcut.
  for (const name of ["keydown", "keyup", "keypress"]) { box.addEventListener(name, (event) => event.stopPropagation()) }

  const acts = {
    get me() { return S.actor },
    sends: () => S.sends && S.thread && S.thread.reachable,
    whyNot: () => S.mayAct ? "Nothing can be sent from here." : "You may read here; answering takes the role of an agent.",
    mayAct: () => S.mayAct,
    canned: () => S.canned,
    who: () => S.thread.who === S.thread.address ? number() : `${S.thread.who} (${number()})`,
    check: (body) => link.ask("check", {body}),
    send: async (body, key) => {
      const id = S.thread.id
      const result = await link.ask("send", {body, key, confirmed: true, conversation: id})
      take(result, true)
      return result
    },
    decide: (kind, value, until) => attempt(async () => take(await link.ask("decide", {kind, value, until}))),
    contact: (field, value) => attempt(async () => take(await link.ask("contact", {field, value}))),
    older: () => attempt(async () => {
      const before = items.scrollHeight - items.scrollTop
      take({thread: await link.ask("open", {conversation: S.thread.id, messages: S.thread.items.length + 100})})
      items.scrollTop = items.scrollHeight - before
    }),
    file: (media) => S.files[media],
    media: async (media) => {
      try { return S.files[media] = drawFile(await link.ask("media", {media}), media) } catch (error) { complain(error); return null }
    },
  }
  const write = composer(acts)
  const number = () => S.revealed[S.thread.id] || S.thread.address

  function complain(error) {
    fill(trouble, h("span", {}, error.message), h("button", {class: "link", type: "button", onclick: () => { trouble.hidden = true }}, "Close"))
    trouble.hidden = false
  }

  async function attempt(work) {
    try { await work(); trouble.hidden = true; return true } catch (error) { complain(error); return false }
  }

  function take(found, toEnd = false) {
    if (found.list) { S.list = found.list; drawList() }
    if (found.thread && (!S.thread || found.thread.id === S.thread.id || toEnd)) {
      S.thread = found.thread
      drawThread(toEnd)
    }
  }

  function drawList() {
    const {list} = S
    if (!differs("list", list)) { return }
    fill(views, Object.entries(VIEWS).map(([name, label]) =>
      h("button", {type: "button", "aria-pressed": String(list.view === name), "data-view": name, onclick: () => show({view: name})},
        label, h("span", {}, list.counts[name].toLocaleString("en")))))
    fill(rows, list.rows.length ? list.rows.map(drawRow) : drawNothing(list))
    const more = list.total - list.rows.length
    fill(listFoot,
      h("span", {}, list.view === "waiting" ? "Longest wait first" : "Newest first"),
      more > 0 ? h("button", {class: "link", type: "button", onclick: () => show({limit: Math.min(list.rows.length + 120, 500)})},
        list.rows.length < 500 ? `${more.toLocaleString("en")} more` : `${more.toLocaleString("en")} more: search to find them`) : null)
  }

  function drawNothing(list) {
    const [title, text] = list.search ? ["Nothing found", `No conversation in “${VIEWS[list.view]}” has that in a text, name, number or SID.`] : NOTHING[list.view]
    return h("div", {class: "empty"}, h("b", {}, title), h("p", {}, text))
  }

  function drawRow(row) {
    const chips = [
      row.reopened ? h("span", {class: "chip"}, "reopened") : null,
      row.snoozed && row.snoozed.day ? h("span", {class: "chip"}, `until ${row.snoozed.day}, ${row.snoozed.clock}`) : null,
      row.assignee ? h("span", {class: "chip good"}, row.assignee) : null,
      row.labels.map((label) => h("span", {class: "chip"}, label)),
    ]
    return h("button", {class: "row", type: "button", "data-id": row.id, "aria-current": String(Boolean(S.thread && S.thread.id === row.id)),
      onclick: () => open(row.id)},
      h("span", {class: "row-top"}, h("b", {}, row.who), h("time", {}, row.at)),
      h("span", {class: "row-line"},
        h("span", {class: row.failed ? "preview failed" : "preview", dir: "auto"}, `${row.failed ? "Not delivered: " : row.mine ? "You: " : ""}${row.preview}`),
        row.waiting ? h("span", {class: "chip wait", title: "How long they have been waiting for an answer"}, row.waiting) : null),
      present(chips).length ? h("span", {class: "chips"}, chips) : null)
  }

  const drawn = {}
  function differs(part, data) {
    const text = JSON.stringify(data)
    const changed = drawn[part] !== text
    drawn[part] = text
    return changed
  }

  function drawThread(toEnd) {
    const t = S.thread
    frame.classList.toggle("reading", Boolean(t))
    frame.classList.toggle("only", S.only)
    about.hidden = !t
    for (const row of rows.querySelectorAll(".row")) { row.setAttribute("aria-current", String(Boolean(t && row.dataset.id === t.id))) }
    if (!t) {
      fill(thread, h("div", {class: "empty"}, h("b", {}, "No conversation open"), h("p", {}, "Choose one on the left to read and answer it.")))
      return
    }
    const isNew = !head.isConnected || head.dataset.id !== t.id
    const nearEnd = items.scrollHeight - items.scrollTop - items.clientHeight < 80
    head.dataset.id = t.id
    // What has not changed stays: a click or a picture must not be lost to news about something else.
    if (differs("head", {...t, items: null, local: t.local})) { drawHead(t) }
    if (differs("items", [t.id, t.items, t.older])) { fill(items, drawItems(t, acts)) }
    if (!about.contains(root.activeElement) || isNew) { fill(about, aboutClose(), drawAbout(t, acts)) }
    if (!head.isConnected) { thread.replaceChildren(head, items, write.element) }
    write.refresh()
    if (isNew || toEnd || nearEnd) { items.scrollTop = items.scrollHeight }
  }

  const aboutClose = () => h("button", {class: "quiet about-close", type: "button", onclick: () => about.classList.remove("shown")}, "Close")

  function drawHead(t) {
    const shown = S.revealed[t.id]
    const isNamed = t.who !== t.address
    const hidden = t.address.includes("***") && t.reachable && S.mayAct
    fill(head,
      h("div", {class: "who"},
        h("button", {class: "icon-button back", type: "button", "aria-label": "Back to the list", onclick: close}, icon("back", 20)),
        h("h2", {}, isNamed ? t.who : shown || t.who),
        isNamed ? h("span", {class: "number"}, shown || t.address) : null,
        hidden ? h("button", {class: "link reveal", type: "button", onclick: reveal}, shown ? "Hide number" : "Show number") : null,
        h("span", {class: "space"}),
        h("div", {class: "actions"}, stateButtons(t),
          h("button", {class: "icon-button about-toggle", type: "button", "aria-label": "About the contact",
            onclick: () => about.classList.toggle("shown")}, icon("person", 18)))),
      h("div", {class: "facts"},
        h("span", {class: `chip consent ${{"opted-out": "bad", "opted-in": "good"}[t.consent.standing] || ""}`}, t.consent.text),
        t.local ? h("span", {class: "chip", title: t.local.zone}, `${t.local.weekday} ${t.local.text} there`) : null,
        h("span", {class: "chip"}, `with ${t.side}`),
        t.waiting ? h("span", {class: "chip wait"}, `waiting ${t.waiting}`) : null,
        t.state !== "open" && t.state !== "quiet" ? h("span", {class: "chip"}, t.snoozed ? `snoozed until ${t.snoozed}` : t.state) : null,
        t.reopened ? h("span", {class: "chip"}, "reopened by a new message") : null))
  }

  function stateButtons(t) {
    if (!S.mayAct) { return null }
    const set = (value, until) => acts.decide("state", value, until)
    if (t.state !== "open" && t.state !== "quiet") {
      return h("button", {class: "quiet", type: "button", onclick: () => set("open")}, "Open again")
    }
    const menu = h("div", {class: "menu"})
    const later = (label, moment) => h("button", {type: "button", onclick: () => set("snoozed", moment.toISOString())}, label)
    const at = (days, hour) => { const d = new Date(); d.setDate(d.getDate() + days); d.setHours(hour, 0, 0, 0); return d }
    const toggle = h("button", {class: "quiet", type: "button", "aria-haspopup": "menu", onclick: () => {
      const drawn = menu.querySelector(".menu-list")
      if (drawn) { drawn.remove(); return }
      menu.append(h("div", {class: "menu-list", role: "menu"},
        h("button", {type: "button", onclick: () => set("pending")}, "Pending, until they write"),
        later("Snooze for an hour", new Date(Date.now() + 3_600_000)),
        later("Snooze until tomorrow, 9:00", at(1, 9)),
        later("Snooze for a week", at(7, 9))))
    }}, "Later")
    menu.append(toggle)
    return [menu, h("button", {class: "quiet", type: "button", onclick: () => set("resolved")}, "Resolve")]
  }

  async function reveal() {
    const {id} = S.thread
    if (S.revealed[id]) { delete S.revealed[id]; drawHead(S.thread); return }
    await attempt(async () => {
      S.revealed[id] = (await link.ask("reveal")).address
      if (S.thread.id === id) { drawHead(S.thread) }
    })
  }

  const show = (change) => attempt(async () => {
    const list = await link.ask("list", {view: S.list.view, search: search.value, ...change})
    S.list = list
    drawList()
    if (change.view || change.search !== undefined) { rows.scrollTop = 0 }
  })

  function remember() {
    if (S.thread) { S.drafts[S.thread.id] = write.draft }
  }

  function address(id, push) {
    if (!owns) { return }
    const query = new URLSearchParams(location.search)
    if (id) { query.set("conversation", id) } else { query.delete("conversation") }
    const url = location.pathname + (query.size ? `?${query}` : "")
    history[push ? "pushState" : "replaceState"](null, "", url)
  }

  const open = (id, push = true) => attempt(async () => {
    remember()
    const found = await link.ask("open", {conversation: id})
    delete S.revealed[S.thread && S.thread.id]
    S.thread = found
    about.classList.remove("shown")
    drawThread(true)
    write.draft = S.drafts[found.id] || ""
    address(found.id, push)
  })

  function close(event) {
    remember()
    S.thread = null
    drawThread(false)
    if (event) { address("", true) }
    link.ask("close").catch(complain)
  }

  const onBack = () => {
    const id = new URLSearchParams(location.search).get("conversation")
    if (id) { open(id, false) } else if (S.thread) { close() }
  }

  let typing = 0
  search.addEventListener("input", () => {
    clearTimeout(typing)
    typing = setTimeout(() => show({search: search.value}), 300)
  })

  let asking = false
  const look = async () => {
    if (asking || !S.ready || document.visibilityState === "hidden" || !el.isConnected) { return }
    asking = true
    try {
      const news = await link.ask("changes")
      if (news.changed) { take(news) }
    } catch (error) { complain(error) }
    asking = false
  }
  const watch = setInterval(look, LOOK_FOR_NEWS_MS)

  attempt(async () => {
    fill(rows, h("div", {class: "empty", role: "status"}, "Loading …"))
    fill(thread, h("div", {class: "empty"}, ""))
    about.hidden = true
    const wanted = owns ? new URLSearchParams(location.search).get("conversation") : ""
    const found = await link.ask("start", {conversation: wanted || ""})
    Object.assign(S, {actor: found.actor, sends: found.sends, mayAct: found.acts, canned: found.canned, only: found.only, ready: true})
    take(found, true)
    if (!found.thread) { drawThread(false) }
  })
  if (owns) { addEventListener("popstate", onBack) }
  // A composer that grows takes its place from the messages, never from the last one.
  let height = 0
  const resized = new ResizeObserver(() => { items.scrollTop += Math.max(0, height - items.clientHeight); height = items.clientHeight })
  resized.observe(items)

  const leave = () => {
    clearInterval(watch)
    resized.disconnect()
    removeEventListener("popstate", onBack)
    unfollow()
    link.close()
  }
  if (typeof model.get !== "function") { model.on("lifecycle:remove", leave) }
  return leave
}

export default {render}
