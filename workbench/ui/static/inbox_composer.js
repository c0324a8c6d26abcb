// Where a reply is written: what it would cost, what stands against it, and a confirmation before it goes.

const CHECK_AFTER_MS = 250
const TALLEST_PX = 200

function segmentNoun(number) {
  return number === 1 ? "segment" : "segments"
}

class Composer {
  constructor(actions) {
    this.actions = actions
    this.mode = "reply"
    // What preflight says of the text; the number of the latest check, whose answer alone counts.
    this.verdict = null
    this.latestCheck = 0
    this.timer = 0
    // The key of this draft: the same text confirmed again is the same message, and goes once only.
    this.key = ""
    this.isConfirming = false
    this.isSending = false
    this.isUnanswered = false
    // Whether Send was pressed while the text was still being checked: the question whether to send comes after it.
    this.wantsToSend = false
    this.outcome = ""
    this.hasFailed = false
    this.picker = null
    this.text = h("textarea", {rows: 2, "aria-label": "Reply", oninput: () => this.typed()})
    this.modes = h("div", {class: "modes"})
    this.middle = h("div")
    this.foot = h("div", {class: "foot"})
    this.element = h("div", {class: "composer"}, this.modes, this.text, this.middle, this.foot)
    this.element.addEventListener("keydown", (event) => this.pressed(event))
    this.setMode("reply")
  }

  get draft() {
    return this.text.value
  }

  set draft(value) {
    this.text.value = value
    this.key = ""
    this.grow()
    this.check()
  }

  get isBlank() {
    return !this.text.value.trim()
  }

  get isNote() {
    return this.mode === "note"
  }

  // Draws anew; a check that nobody answered is made again once somebody does.
  refresh() {
    const trouble = this.actions.trouble()
    this.isConfirming = this.isConfirming && !trouble
    if (this.isUnanswered && !trouble) {
      this.check()
      return
    }
    this.draw()
  }

  grow() {
    this.text.style.height = "auto"
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, TALLEST_PX)}px`
  }

  typed() {
    this.outcome = ""
    this.isConfirming = false
    this.grow()
    this.check()
  }

  pressed(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      this.press()
    }
    if ((event.key === "Tab" || event.key === "Enter") && expandShortcut(this)) {
      event.preventDefault()
    }
    if (event.key === "Escape" && (this.isConfirming || this.picker)) {
      if (this.picker) {
        this.pick()
      }
      this.stopConfirming()
    }
  }

  setMode(mode) {
    Object.assign(this, {mode, isConfirming: false, outcome: ""})
    this.text.setAttribute("aria-label", this.isNote ? "Private note" : "Reply")
    this.text.placeholder = this.isNote ? "Only people here see this; @name tells somebody" : "Write a reply"
    this.element.classList.toggle("noting", this.isNote)
    this.check()
  }

  // Asks for the verdict on the text a moment after the last key.
  check() {
    clearTimeout(this.timer)
    Object.assign(this, {verdict: null, wantsToSend: false, isUnanswered: false})
    this.draw()
    if (this.isBlank || this.isNote || !this.actions.sends()) {
      return
    }
    const number = ++this.latestCheck
    this.timer = setTimeout(() => this.takeVerdict(number), CHECK_AFTER_MS)
  }

  async takeVerdict(number) {
    let verdict = null
    let isUnanswered = false
    try {
      verdict = await this.actions.check(this.text.value)
    } catch (error) {
      isUnanswered = error instanceof NoAnswer
      verdict = isUnanswered ? null : {verdict: "block", reasons: [{verdict: "block", text: error.message}]}
    }
    if (number !== this.latestCheck) {
      return
    }
    Object.assign(this, {verdict, isUnanswered})
    if (this.wantsToSend && !this.whyNotNow()) {
      this.askToConfirm()
    }
    this.wantsToSend = false
    this.draw()
  }

  get isChecking() {
    return !this.verdict && !this.isNote && !this.isBlank && this.actions.sends()
  }

  get checking() {
    return this.wantsToSend ? "Checking, then you confirm …" : "Checking …"
  }

  whyNotNow() {
    if (this.actions.trouble()) {
      return this.actions.trouble()
    }
    if (this.isNote) {
      return this.isBlank ? "Write something first." : ""
    }
    if (!this.actions.sends()) {
      return this.actions.whyNot()
    }
    if (this.isBlank) {
      return "Write something first."
    }
    if (this.isChecking) {
      return this.checking
    }
    return this.verdict.verdict === "block" ? "This may not be sent." : ""
  }

  press() {
    if (this.isSending || this.actions.trouble()) {
      return null
    }
    if (this.isNote) {
      return this.saveNote()
    }
    if (this.isChecking) {
      return this.waitForVerdict()
    }
    if (this.whyNotNow()) {
      return null
    }
    if (this.isConfirming) {
      return this.send()
    }
    this.askToConfirm()
    this.draw()
    return null
  }

  // Pressed before the verdict is there, as by whoever types and sends at once: it is asked for now, and kept in mind.
  waitForVerdict() {
    if (!this.wantsToSend) {
      this.wantsToSend = true
      clearTimeout(this.timer)
      this.draw()
      this.takeVerdict(++this.latestCheck)
    }
  }

  askToConfirm() {
    this.isConfirming = true
    this.key = this.key || (crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`)
  }

  stopConfirming() {
    this.isConfirming = false
    this.draw()
    this.text.focus()
  }

  async send() {
    Object.assign(this, {isSending: true, isConfirming: false})
    this.draw()
    try {
      this.takeResult(await this.actions.send(this.text.value, this.key))
    } catch (error) {
      Object.assign(this, {outcome: error.message, hasFailed: true})
    }
    this.isSending = false
    this.grow()
    const {outcome} = this
    if (this.isBlank) {
      this.verdict = null
    } else {
      this.check()
    }
    this.outcome = outcome
    this.draw()
  }

  takeResult(result) {
    this.outcome = result.text
    this.hasFailed = !["sent", "already_sent"].includes(result.state)
    if (!this.hasFailed) {
      this.text.value = ""
      this.key = ""
    }
    // A refused text may be corrected and tried as a new message; an unclear one keeps its key.
    if (["blocked", "refused", "failed"].includes(result.state)) {
      this.key = ""
    }
  }

  async saveNote() {
    if (this.isBlank) {
      return
    }
    if (await this.actions.decide("note", this.text.value)) {
      this.text.value = ""
      this.grow()
    }
    this.setMode("reply")
  }

  // Opens the list of canned replies, or closes it.
  pick() {
    if (this.picker) {
      this.picker.remove()
      this.picker = null
      return
    }
    const search = h("input", {type: "search", placeholder: "Search canned replies", oninput: () => list()})
    const matches = h("ul", {})
    const list = () => fill(matches, this.cannedReplies(search.value))
    this.picker = h(
      "div",
      {class: "canned", role: "dialog", "aria-label": "Canned replies"},
      search,
      matches,
      cannedFoot(this),
    )
    list()
    this.element.append(this.picker)
    search.focus()
  }

  cannedReplies(wanted) {
    const fits = (reply) =>
      `${reply.title} ${reply.shortcut} ${reply.text}`.toLowerCase().includes(wanted.toLowerCase())
    return this.actions
      .canned()
      .filter(fits)
      .map((reply) =>
        h(
          "li",
          {},
          h(
            "button",
            {type: "button", onclick: () => useCanned(this, reply)},
            h("b", {}, reply.title, reply.shortcut ? h("code", {}, ` /${reply.shortcut}`) : null),
            h("span", {}, reply.text),
          ),
        ),
      )
  }

  insert(text) {
    this.text.value = this.isBlank ? text : `${this.text.value.trimEnd()} ${text}`
    this.pick()
    this.grow()
    this.check()
    this.text.focus()
  }

  draw() {
    fill(this.modes, this.drawModes())
    fill(this.middle, this.drawReasons(), this.isConfirming ? this.drawConfirmation() : null)
    fill(this.foot, this.drawFoot())
    this.text.disabled = this.isSending || !this.actions.mayAct()
  }

  drawModes() {
    const button = (mode, label) =>
      h(
        "button",
        {
          class: "mode",
          type: "button",
          "aria-pressed": String(this.mode === mode),
          onclick: () => {
            this.setMode(mode)
            this.text.focus()
          },
        },
        label,
      )
    const canned = !this.isNote && (this.actions.canned().length || this.actions.editsCanned())
    return [
      button("reply", "Reply"),
      button("note", "Private note"),
      h("span", {class: "space"}),
      canned ? h("button", {class: "link", type: "button", onclick: () => this.pick()}, "Canned replies") : null,
    ]
  }

  drawReasons() {
    const reasons = (!this.isNote && this.verdict?.reasons) || []
    if (!reasons.length) {
      return null
    }
    return h(
      "ul",
      {class: "reasons"},
      reasons.map((reason) =>
        h(
          "li",
          {class: reason.verdict},
          icon(reason.verdict === "block" ? "stop" : "warning", 14),
          h("span", {}, reason.text),
        ),
      ),
    )
  }

  drawConfirmation() {
    const {segments, cost} = this.verdict
    const question = `Send this to ${this.actions.who()} as ${segments} ${segmentNoun(segments)}${cost ? `, about ${cost}` : ""}?`
    return h(
      "div",
      {class: "confirm", role: "alertdialog", "aria-label": "Confirm sending"},
      h("span", {}, question),
      h(
        "div",
        {},
        h("button", {class: "quiet", type: "button", onclick: () => this.stopConfirming()}, "Back"),
        h(
          "button",
          {
            class: "primary",
            type: "button",
            onclick: () => {
              this.press()
              this.text.focus()
            },
          },
          "Send now",
        ),
      ),
    )
  }

  drawFoot() {
    const why = this.whyNotNow()
    const outcome = this.outcome
      ? h("span", {class: this.hasFailed ? "said bad" : "said"}, this.outcome)
      : this.drawTally()
    const button = h(
      "button",
      {
        class: "primary",
        type: "button",
        title: why || null,
        disabled: (Boolean(why) && why !== this.checking) || this.isSending,
        onclick: () => this.press(),
      },
      this.isNote ? "Save note" : "Send",
    )
    return [
      h("div", {class: "tally", role: "status"}, outcome),
      h("span", {class: "said keys"}, "Ctrl-Enter"),
      this.isConfirming ? null : button,
    ]
  }

  // What the text takes: segments, price, and the time where it would arrive.
  drawTally() {
    const {verdict, actions} = this
    if (this.isSending) {
      return h("span", {}, "Sending …")
    }
    if (!actions.mayAct()) {
      return h("span", {}, actions.whyNot())
    }
    if (this.isNote) {
      const named = mentionedPeople(this.text.value, actions.people())
      return named.length ? h("span", {}, `Tells ${named.join(", ")}`) : null
    }
    if (this.isBlank) {
      return null
    }
    if (!verdict) {
      return h("span", {}, this.whyNotNow())
    }
    if (verdict.segments === undefined) {
      return null
    }
    return [
      h("span", {}, h("b", {}, verdict.segments), ` ${segmentNoun(verdict.segments)}, ${verdict.encoding}`),
      h("span", {}, verdict.cost ? `about ${verdict.cost}` : "price unknown"),
      verdict.local ? h("span", {title: verdict.local.zone}, `${verdict.local.text} there`) : null,
    ]
  }
}
