// Where a reply is written: it is checked while somebody types, and only what has warnings is asked about before it is sent.

const CHECK_AFTER_MS = 250
// A second press that follows at once is no answer to a question that has just appeared.
const READ_FOR_MS = 700
const TALLEST_PX = 200

class Composer {
  constructor(actions) {
    this.actions = actions
    this.mode = "reply"
    // What preflight says of the text; the number of the latest check, whose answer alone counts.
    this.verdict = null
    this.latestCheck = 0
    this.timer = 0
    this.drafts = new Drafts(actions)
    this.sending = new ReplySending(this)
    // The open conversation.
    this.id = ""
    this.isConfirming = false
    this.askedAt = 0
    this.isUnanswered = false
    // Whether Send was pressed while the text was still being checked: it is sent, or asked about, after that.
    this.wantsToSend = false
    this.picker = null
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
    return this.drafts.of(this.id)
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
      pickCanned(this)
    }
    this.show()
  }

  // Takes what the server kept of an earlier visit, unless something was written here meanwhile.
  adopt(id, kept) {
    if (!this.drafts.adopt(id, kept)) {
      return
    }
    if (kept.state !== "draft") {
      this.sending.follow(id, kept.seconds)
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
    return isUnderWay(this.state)
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
    if (this.isUnanswered && !trouble && !this.actions.isOpening()) {
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
    const key = this.state.key || newKey()
    Object.assign(this.state, {body: this.text.value, key, outcome: "", isKept: false, isKnown: true})
    this.isConfirming = false
    this.drafts.keepSoon(this.id)
    this.grow()
    this.check()
  }

  keepNow() {
    return this.drafts.keepNow(this.id)
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
        pickCanned(this)
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
      // What is typed while the conversation opens is checked once it is open.
      this.isUnanswered = this.actions.isOpening()
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
      return this.sending.send(this.isConfirming)
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

  // Draws what became of an answer, where its conversation is open.
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

  draw() {
    // Who moves on by keyboard while the text is checked keeps the place where they are.
    keepingPlace(this.element, () => {
      fill(this.modes, drawModes(this))
      fill(this.middle, drawMiddle(this))
      fill(this.foot, this.state.sendAt ? drawWait(this) : drawFoot(this))
      this.tray.draw()
    })
    // Read-only and not disabled: the keyboard stays where it is.
    this.text.readOnly = this.isLocked
    this.text.disabled = !this.actions.mayAct()
  }
}
