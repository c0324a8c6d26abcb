// Where a reply is written: what it would cost, what stands against it, and a confirmation before it goes.

const CHECK_AFTER_MS = 250

function composer(acts) {
  const state = {mode: "reply", check: null, asked: 0, confirming: false, sending: false, key: "", said: "", failed: false}
  const text = h("textarea", {rows: 2, "aria-label": "Reply", oninput: () => { state.said = ""; state.confirming = false; grow(); check() }})
  const area = h("div", {class: "composer"})
  const modes = h("div", {class: "modes"}), middle = h("div"), foot = h("div", {class: "foot"})
  let timer = 0, picker = null

  const grow = () => { text.style.height = "auto"; text.style.height = `${Math.min(text.scrollHeight + 2, 200)}px` }
  const isBlank = () => !text.value.trim()

  function check() {
    clearTimeout(timer)
    state.check = null
    draw()
    if (isBlank() || state.mode !== "reply" || !acts.sends()) { return }
    const turn = ++state.asked
    timer = setTimeout(async () => {
      try {
        const found = await acts.check(text.value)
        if (turn === state.asked) { state.check = found; draw() }
      } catch (error) {
        if (turn === state.asked) { state.check = {verdict: "block", reasons: [{verdict: "block", text: error.message}]}; draw() }
      }
    }, CHECK_AFTER_MS)
  }

  const mayNotSend = () => {
    if (!acts.sends()) { return acts.whyNot() }
    if (isBlank()) { return "Write something first." }
    if (!state.check) { return "Checking …" }
    return state.check.verdict === "block" ? "This may not be sent." : ""
  }

  function press() {
    if (state.sending) { return }
    if (state.mode === "note") { return saveNote() }
    if (mayNotSend()) { return }
    if (!state.confirming) {
      state.confirming = true
      // The same text confirmed again is the same message: it can be sent once only.
      state.key = state.key || (crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`)
      draw()
      return
    }
    return send()
  }

  async function send() {
    Object.assign(state, {sending: true, confirming: false})
    draw()
    try {
      const result = await acts.send(text.value, state.key)
      state.said = result.text
      state.failed = !["sent", "already_sent"].includes(result.state)
      if (!state.failed) { text.value = ""; state.key = "" }
      // A refused text may be corrected and tried as a new message; an unclear one keeps its key.
      if (["blocked", "refused", "failed"].includes(result.state)) { state.key = "" }
    } catch (error) {
      Object.assign(state, {said: error.message, failed: true})
    }
    state.sending = false
    grow()
    if (isBlank()) { state.check = null; draw() } else { const said = state.said; check(); state.said = said; draw() }
  }

  async function saveNote() {
    if (isBlank()) { return }
    if (await acts.decide("note", text.value)) { text.value = ""; grow() }
    setMode("reply")
  }

  function setMode(mode) {
    Object.assign(state, {mode, confirming: false, said: ""})
    text.setAttribute("aria-label", mode === "note" ? "Private note" : "Reply")
    text.placeholder = mode === "note" ? "Only people here see this" : "Write a reply"
    area.classList.toggle("noting", mode === "note")
    check()
  }

  function pick() {
    if (picker) { picker.remove(); picker = null; return }
    const search = h("input", {type: "search", placeholder: "Search canned replies", oninput: () => list()})
    const found = h("ul", {})
    const list = () => fill(found, acts.canned().filter((reply) =>
      `${reply.name} ${reply.text}`.toLowerCase().includes(search.value.toLowerCase())
    ).map((reply) => h("li", {}, h("button", {type: "button", onclick: () => {
      text.value = isBlank() ? reply.text : `${text.value.trimEnd()} ${reply.text}`
      pick(); grow(); check(); text.focus()
    }}, h("b", {}, reply.name), h("span", {}, reply.text)))))
    picker = h("div", {class: "canned", role: "dialog", "aria-label": "Canned replies"}, search, found)
    list()
    area.append(picker)
    search.focus()
  }

  function tally() {
    const found = state.check
    if (state.sending) { return h("span", {}, "Sending …") }
    if (!acts.mayAct()) { return h("span", {}, acts.whyNot()) }
    if (state.mode === "note" || isBlank()) { return null }
    if (!found) { return h("span", {}, acts.sends() ? "Checking …" : mayNotSend()) }
    if (found.segments === undefined) { return null }
    return [
      h("span", {}, h("b", {}, found.segments), ` segment${found.segments === 1 ? "" : "s"}, ${found.encoding}`),
      h("span", {}, found.cost ? `about ${found.cost}` : "price unknown"),
      found.local ? h("span", {title: found.local.zone}, `${found.local.text} there`) : null,
    ]
  }

  function draw() {
    const note = state.mode === "note"
    fill(modes,
      h("button", {class: "mode", type: "button", "aria-pressed": String(!note), onclick: () => { setMode("reply"); text.focus() }}, "Reply"),
      h("button", {class: "mode", type: "button", "aria-pressed": String(note), onclick: () => { setMode("note"); text.focus() }}, "Private note"),
      h("span", {class: "space"}),
      !note && acts.canned().length ? h("button", {class: "link", type: "button", onclick: pick}, "Canned replies") : null)
    const reasons = (!note && state.check && state.check.reasons) || []
    fill(middle,
      reasons.length ? h("ul", {class: "reasons"}, reasons.map((reason) =>
        h("li", {class: reason.verdict}, icon(reason.verdict === "block" ? "stop" : "warning", 14), h("span", {}, reason.text)))) : null,
      state.confirming ? confirmation() : null)
    const why = note ? (isBlank() ? "Write something first." : "") : mayNotSend()
    fill(foot,
      h("div", {class: "tally", role: "status"}, state.said ? h("span", {class: state.failed ? "said bad" : "said"}, state.said) : tally()),
      h("span", {class: "said keys"}, "Ctrl-Enter"),
      state.confirming ? null : h("button", {class: "primary", type: "button", title: why || null, disabled: Boolean(why) || state.sending,
        onclick: press}, note ? "Save note" : "Send"))
    text.disabled = state.sending || !acts.mayAct()
  }

  function confirmation() {
    const found = state.check
    const price = found.cost ? `, about ${found.cost}` : ""
    return h("div", {class: "confirm", role: "alertdialog", "aria-label": "Confirm sending"},
      h("span", {}, `Send this to ${acts.who()} as ${found.segments} segment${found.segments === 1 ? "" : "s"}${price}?`),
      h("div", {},
        h("button", {class: "quiet", type: "button", onclick: () => { state.confirming = false; draw(); text.focus() }}, "Back"),
        h("button", {class: "primary", type: "button", onclick: () => { press(); text.focus() }}, "Send now")))
  }

  area.append(modes, text, middle, foot)
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); press() }
    if (event.key === "Escape" && (state.confirming || picker)) {
      if (picker) { pick() }
      state.confirming = false; draw(); text.focus()
    }
  })
  setMode("reply")
  return {
    element: area,
    get draft() { return text.value },
    set draft(value) { text.value = value; state.key = ""; grow(); check() },
    focus: () => text.focus(),
    refresh: draw,
  }
}
