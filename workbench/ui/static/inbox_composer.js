// Where a reply is written: what it would cost and what stands against it. A reply waits some seconds before it is sent,
// so that it can be taken back; only what has warnings is asked about first.

const CHECK_AFTER_MS = 250
const KEEP_AFTER_MS = 700
const UNDO_SECONDS = 10
const LOOK_EVERY_MS = 700
// A second press that follows at once is no answer to a question that has just appeared.
const READ_FOR_MS = 700
const TALLEST_PX = 200
const NEXT_KEY = "workbench-inbox-next"

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
    // By conversation: what is written to it, and what became of it. Nothing of one is ever shown at another.
    this.states = new Map()
    this.id = ""
    this.isConfirming = false
    this.askedAt = 0
    this.isUnanswered = false
    // Whether Send was pressed while the text was still being checked: it is sent, or asked about, after that.
    this.wantsToSend = false
    this.picker = null
    this.keeping = 0
    this.writing = []
    this.writingTimer = 0
    this.text = h("textarea", {rows: 2, "aria-label": "Reply", oninput: () => this.typed()})
    this.tray = new AttachmentTray(this)
    this.modes = h("div", {class: "modes"})
    this.middle = h("div")
    this.foot = h("div", {class: "foot"})
    this.element = h(
      "section",
      {class: "composer", "aria-label": "Answer"},
      this.modes,
      this.text,
      this.tray.element,
      this.middle,
      this.foot,
    )
    this.element.addEventListener("keydown", (event) => this.pressed(event))
    this.setMode("reply")
  }

  // What is written to the open conversation, and what became of it.
  get state() {
    return this.stateOf(this.id)
  }

  stateOf(id) {
    if (!this.states.has(id)) {
      const sending = {outcome: "", hasFailed: false, sendAt: 0, isSending: false}
      const fresh = {body: "", mode: "reply", key: "", files: [], coming: [], later: null, ...sending}
      this.states.set(id, {...fresh, isKept: true, isKnown: false, looking: 0})
    }
    return this.states.get(id)
  }

  // Shows what is written to this conversation; that of the one before is kept.
  switchTo(id) {
    if (id === this.id) {
      return
    }
    this.keepNow()
    this.id = id
    this.isConfirming = false
    this.tellWriting([])
    if (this.picker) {
      this.pick()
    }
    this.show()
  }

  // Takes what the server kept of an earlier visit, unless something was written here meanwhile.
  adopt(id, kept) {
    const state = this.stateOf(id)
    if (state.isKnown) {
      return
    }
    state.isKnown = true
    if (!kept || state.body || state.files.length) {
      return
    }
    Object.assign(state, {body: kept.body, mode: kept.mode, key: kept.key, files: kept.files})
    Object.assign(state, {outcome: kept.problem, hasFailed: Boolean(kept.problem)})
    if (kept.state !== "draft") {
      this.follow(id, kept.seconds)
    }
    if (id === this.id) {
      this.show()
    }
  }

  show() {
    const {body, mode} = this.state
    this.text.value = body
    this.mode = mode
    this.dress()
    this.grow()
    this.check()
  }

  // Who else writes to this contact; they are forgotten when they are not heard of any more.
  tellWriting(names) {
    clearTimeout(this.writingTimer)
    this.writing = names
    if (names.length) {
      this.writingTimer = setTimeout(() => this.tellWriting([]), 30_000)
    }
    this.draw()
  }

  get isLocked() {
    return this.isUnderWay(this.state)
  }

  isUnderWay(state) {
    return Boolean(state.sendAt) || state.isSending
  }

  get isBlank() {
    return !this.text.value.trim()
  }

  get isNote() {
    return this.mode === "note"
  }

  // Whether there is nothing to send: an answer may be a picture alone.
  get isEmpty() {
    return this.isBlank && (this.isNote || !this.state.files.length)
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
    const key = this.state.key || this.newKey()
    Object.assign(this.state, {body: this.text.value, key, outcome: "", isKept: false, isKnown: true})
    this.isConfirming = false
    this.keepSoon()
    this.grow()
    this.check()
  }

  keepSoon() {
    clearTimeout(this.keeping)
    this.keeping = setTimeout(() => this.keepNow(), KEEP_AFTER_MS)
  }

  // Gives the server what is written, so that it is there after a reload, too.
  async keepNow() {
    clearTimeout(this.keeping)
    const {id, state} = this
    if (!id || state.isKept || !this.actions.mayAct()) {
      return
    }
    state.isKept = true
    const before = state.key
    const {kept, key} = await this.actions.keep(id, state.body, state.mode, before, state.files.length > 0)
    // Of two windows' keys the first one counts, so that one text written in both of them goes once.
    if (state.key === before && !this.isUnderWay(state)) {
      state.key = key
    }
    if (!kept) {
      state.isKept = false
    }
  }

  pressed(event) {
    const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey)
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey
    const mayExpand = event.target === this.text && !this.isLocked && !event.isComposing
    if (mayExpand && (sends || (isPlain && ["Tab", "Enter"].includes(event.key))) && expandShortcut(this)) {
      // The reply is read before it is sent; its shortcut alone is never sent.
      event.preventDefault()
    } else if (sends) {
      event.preventDefault()
      if (!event.repeat && !(this.isConfirming && Date.now() - this.askedAt < READ_FOR_MS)) {
        this.press()
      }
    }
    if (event.key === "Escape" && (this.isConfirming || this.picker)) {
      event.stopPropagation()
      if (this.picker) {
        this.pick()
      }
      this.stopConfirming()
    }
  }

  setMode(mode) {
    Object.assign(this.state, {mode, outcome: ""})
    Object.assign(this, {mode, isConfirming: false})
    this.dress()
    this.check()
  }

  dress() {
    this.text.setAttribute("aria-label", this.isNote ? "Private note" : "Reply")
    this.text.placeholder = this.isNote ? "Only people here see this; @name tells somebody" : "Write a reply"
    this.element.classList.toggle("noting", this.isNote)
  }

  // Asks for the verdict on the text a moment after the last key.
  check() {
    clearTimeout(this.timer)
    Object.assign(this, {verdict: null, wantsToSend: false, isUnanswered: false})
    this.draw()
    if (this.isEmpty || this.isNote || this.isLocked || !this.actions.sends()) {
      this.latestCheck += 1
      return
    }
    const number = ++this.latestCheck
    this.timer = setTimeout(() => this.takeVerdict(number), CHECK_AFTER_MS)
  }

  async takeVerdict(number) {
    let verdict = null
    let isUnanswered = false
    try {
      verdict = await this.actions.check(this.text.value, this.fileIds, this.state.later?.at)
    } catch (error) {
      isUnanswered = error instanceof NoAnswer
      verdict = isUnanswered ? null : {verdict: "block", reasons: [{verdict: "block", text: error.message}]}
    }
    if (number !== this.latestCheck) {
      return
    }
    Object.assign(this, {verdict, isUnanswered})
    const isWanted = this.wantsToSend && !this.whyNotNow()
    this.wantsToSend = false
    if (isWanted) {
      this.press()
    }
    this.draw()
  }

  get fileIds() {
    return this.state.files.map((file) => file.id)
  }

  get isChecking() {
    return !this.verdict && !this.isNote && !this.isEmpty && !this.isLocked && this.actions.sends()
  }

  get checking() {
    return this.wantsToSend ? "Checking, then sending …" : "Checking …"
  }

  whyNotNow() {
    if (this.actions.trouble()) {
      return this.actions.trouble()
    }
    if (this.isNote) {
      return this.isBlank ? "Write something first." : ""
    }
    if (this.actions.isOpening()) {
      return "Opening …"
    }
    if (!this.actions.sends()) {
      return this.actions.whyNot()
    }
    if (this.state.coming.length) {
      return "Uploading …"
    }
    if (this.isEmpty) {
      return "Write something first."
    }
    if (this.isChecking) {
      return this.checking
    }
    return this.verdict.verdict === "block" ? "This may not be sent." : ""
  }

  press() {
    if (this.isLocked || this.actions.trouble()) {
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
    if (this.isConfirming || this.verdict.verdict === "pass") {
      return this.send(this.isConfirming)
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
    this.askedAt = Date.now()
  }

  stopConfirming() {
    this.isConfirming = false
    this.draw()
    this.text.focus()
  }

  // The key of what is written here until it is sent: the same text sent again is the same message, and goes once only.
  newKey() {
    return crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`
  }

  async send(isConfirmed) {
    const {id, state} = this
    clearTimeout(this.keeping)
    state.key = state.key || this.newKey()
    Object.assign(state, {isSending: true, outcome: "", isKept: true})
    this.isConfirming = false
    this.draw()
    try {
      const {body, key, later} = state
      const answer = await this.actions.send(id, body, key, this.fileIds, isConfirmed, UNDO_SECONDS, later?.at)
      const {state: how, text, seconds} = answer
      state.isSending = false
      if (how === "queued") {
        this.follow(id, seconds)
        this.goOn(id)
      } else if (how === "unconfirmed") {
        this.check()
        this.waitForVerdict()
      } else {
        this.end(id, how, text)
        if (how === "scheduled") {
          this.goOn(id)
        }
      }
    } catch (error) {
      Object.assign(state, {isSending: false, outcome: error.message, hasFailed: true, isKept: false})
      if (id === this.id) {
        this.keepSoon()
      }
    }
    this.redraw(id)
  }

  // Counts down until the reply is sent, then asks how that ended.
  follow(id, seconds) {
    const state = this.stateOf(id)
    state.sendAt = Date.now() + seconds * 1000
    clearInterval(state.looking)
    state.looking = setInterval(() => this.look(id), LOOK_EVERY_MS)
    this.redraw(id)
  }

  async look(id) {
    const state = this.stateOf(id)
    if (Date.now() < state.sendAt || state.isLooking) {
      this.redraw(id)
      return
    }
    state.isLooking = true
    try {
      const {state: how, text} = await this.actions.status(id, state.key)
      if (!["queued", "sending"].includes(how) && state.sendAt) {
        this.end(id, how, text)
        if (how === "scheduled") {
          this.goOn(id)
        }
      }
    } catch (error) {
      console.warn("how far the reply is could not be asked", error)
    }
    state.isLooking = false
  }

  // Takes back what waits.
  async unsend() {
    const {id, state} = this
    try {
      await this.actions.unsend(id)
      this.stop(state)
    } catch (error) {
      state.outcome = error.message
    }
    this.redraw(id)
    this.text.focus()
  }

  stop(state) {
    clearInterval(state.looking)
    Object.assign(state, {sendAt: 0, isSending: false})
  }

  end(id, how, text) {
    const state = this.stateOf(id)
    const isDone = ["sent", "already_sent", "scheduled"].includes(how)
    this.stop(state)
    Object.assign(state, {outcome: text, hasFailed: !isDone})
    // What was not surely sent keeps its key: under it the outbox takes a refused text again, and finds an unclear one.
    if (isDone) {
      Object.assign(state, {body: "", key: "", files: [], later: null})
      this.actions.noteDraft(id, false)
    } else if (id !== this.id) {
      this.actions.tell(how === "unclear" ? text : `An answer was not sent. ${text}`, {open: id})
    }
    this.redraw(id)
  }

  redraw(id) {
    if (id !== this.id) {
      return
    }
    const {outcome, body} = this.state
    if (this.text.value !== body) {
      this.text.value = body
      this.grow()
    }
    if (this.isEmpty) {
      // What was said of the answer that has just gone.
      this.verdict = null
    }
    if (this.isLocked || this.isEmpty || this.verdict) {
      this.draw()
    } else {
      this.check()
      this.state.outcome = outcome
      this.draw()
    }
  }

  goOn(id) {
    if (this.opensNext && id === this.id) {
      this.actions.next()
    }
  }

  // A choice of the person in this browser.
  get opensNext() {
    return localStorage.getItem(NEXT_KEY) === "1"
  }

  set opensNext(on) {
    localStorage.setItem(NEXT_KEY, on ? "1" : "0")
  }

  async saveNote() {
    if (this.isBlank) {
      return
    }
    const {id, state} = this
    if (await this.actions.decide("note", state.body)) {
      Object.assign(state, {body: "", mode: "reply", isKept: false})
      if (id === this.id) {
        this.show()
        this.keepNow()
      } else {
        this.actions.keep(id, "", "reply", state.key, state.files.length > 0)
      }
    }
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
    this.typed()
    this.text.focus()
  }

  draw() {
    fill(this.modes, this.drawModes())
    fill(
      this.middle,
      this.drawWriting(),
      this.drawLater(),
      this.drawReasons(),
      this.isConfirming ? this.drawConfirmation() : null,
    )
    keepingPlace(this.foot, () => fill(this.foot, this.state.sendAt ? this.drawWait() : this.drawFoot()))
    this.tray.draw()
    // Read-only and not disabled: the keyboard stays where it is.
    this.text.readOnly = this.isLocked
    this.text.disabled = !this.actions.mayAct()
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
      this.isNote ? null : this.tray.drawButton(),
      canned ? h("button", {class: "link", type: "button", onclick: () => this.pick()}, "Canned replies") : null,
    ]
  }

  drawWriting() {
    const verb = this.writing.length === 1 ? "is" : "are"
    return this.writing.length
      ? h("div", {class: "writing", role: "status"}, `${this.writing.join(" and ")} ${verb} writing an answer.`)
      : null
  }

  // What waits can be taken back until its time.
  drawWait() {
    const seconds = Math.max(0, Math.ceil((this.state.sendAt - Date.now()) / 1000))
    const text = seconds ? `Sending in ${seconds} s` : "Sending …"
    return [
      h("div", {class: "tally"}, h("span", {class: "waiting-reply"}, text)),
      h(
        "span",
        {class: "unseen", role: "status"},
        seconds ? "The answer is sent in a moment; Undo takes it back." : text,
      ),
      seconds ? h("button", {class: "quiet", type: "button", onclick: () => this.unsend()}, "Undo") : null,
    ]
  }

  // Offers moments to send at, or says why this sender cannot.
  chooseLater() {
    const {state} = this
    if (this.verdict.no_later) {
      Object.assign(state, {outcome: this.verdict.no_later, hasFailed: true})
      this.draw()
      return
    }
    const options = this.verdict.later.map(({at, text}) => [at, text])
    this.actions.chooseMoment(options, (later) => this.setLater(state, later))
  }

  setLater(state, later) {
    Object.assign(state, {later, outcome: ""})
    this.isConfirming = false
    this.check()
    this.text.focus()
  }

  drawLater() {
    const {later} = this.state
    return later && !this.isNote
      ? h(
          "div",
          {class: "later"},
          h("span", {}, "Sends: ", h("b", {}, later.text)),
          h(
            "button",
            {class: "link", type: "button", onclick: () => this.setLater(this.state, null)},
            "Send now instead",
          ),
        )
      : null
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
          h("span", {}, withCode(reason.text)),
        ),
      ),
    )
  }

  drawConfirmation() {
    const {segments, cost} = this.verdict
    const {length} = this.state.files
    const size = length
      ? `with ${length} ${length === 1 ? "attachment" : "attachments"}`
      : `as ${segments} ${segmentNoun(segments)}`
    const verb = this.state.later ? "Schedule" : "Send"
    const question = `${verb} this to ${this.actions.who()} ${size}${cost ? `, about ${cost}` : ""}?`
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
          this.state.later ? "Schedule" : "Send now",
        ),
      ),
    )
  }

  drawFoot() {
    const why = this.whyNotNow()
    const {outcome: said, hasFailed} = this.state
    const outcome = said ? h("span", {class: hasFailed ? "said bad" : "said"}, said) : this.drawTally()
    const next = h("input", {
      type: "checkbox",
      checked: this.opensNext,
      onchange: () => {
        this.opensNext = next.checked
      },
    })
    const button = h(
      "button",
      {
        class: "primary",
        type: "button",
        title: why || null,
        disabled: (Boolean(why) && why !== this.checking) || this.isLocked,
        onclick: () => this.press(),
      },
      this.isNote ? "Save note" : this.state.later ? "Schedule" : "Send",
    )
    const later = h(
      "button",
      {class: "quiet", type: "button", disabled: !this.verdict?.later, onclick: () => this.chooseLater()},
      "Send later",
    )
    return [
      h("div", {class: "tally", role: "status"}, outcome),
      this.actions.hasList() && !this.isNote
        ? h("label", {class: "said keys", title: "Open the next conversation after sending"}, next, "Next after send")
        : null,
      h("span", {class: "said keys"}, "Ctrl-Enter"),
      this.isConfirming || this.isNote ? null : later,
      this.isConfirming ? null : button,
    ]
  }

  // What the text takes: segments, price, and the time where it would arrive.
  drawTally() {
    const {verdict, actions} = this
    if (this.state.isSending) {
      return h("span", {}, "Sending …")
    }
    if (this.actions.isOpening()) {
      return h("span", {}, "Opening …")
    }
    if (!actions.mayAct()) {
      return h("span", {}, actions.whyNot())
    }
    if (this.isNote) {
      const named = mentionedPeople(this.text.value, actions.people())
      return named.length ? h("span", {}, `Tells ${named.join(", ")}`) : null
    }
    if (this.isEmpty) {
      return null
    }
    if (!verdict) {
      return h("span", {}, this.whyNotNow())
    }
    if (verdict.segments === undefined) {
      return null
    }
    const {length} = this.state.files
    return [
      length
        ? h("span", {}, h("b", {}, length), ` ${length === 1 ? "attachment" : "attachments"}`)
        : h("span", {}, h("b", {}, verdict.segments), ` ${segmentNoun(verdict.segments)}, ${verdict.encoding}`),
      h("span", {}, verdict.cost ? `about ${verdict.cost}` : "price unknown"),
      verdict.local ? h("span", {title: verdict.local.zone}, `${verdict.local.text} there`) : null,
    ]
  }
}
