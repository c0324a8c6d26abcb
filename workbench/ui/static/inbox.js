// The inbox: a list of conversations, one of them open, and what is known about its contact.

const CHANGES_EVERY_MS = 3_000

class Inbox {
  constructor(model, el) {
    this.el = el
    this.root = shadowOf(el, CSS)
    this.isPage = !isNotebook(model)
    this.link = new Link(
      model,
      (trouble) => this.tellOfLink(trouble),
      (news) => this.takeNews(news),
    )
    this.ownsAddress = Boolean(trait(model, "owns_address"))
    this.state = {
      list: null,
      thread: null,
      actor: "",
      sends: false,
      mayAct: false,
      canned: [],
      edits: false,
      people: [],
      teams: {},
      anybody: true,
      sides: {},
      writers: {},
      zone: "UTC",
      noAttachments: "",
      only: false,
      isReady: false,
      // The conversation that is being opened, and what its line called it.
      opening: null,
    }
    el.style.setProperty("--inbox-height", trait(model, "box_height") || "620px")
    this.build()
    this.start()
    this.leave = this.listen()
  }

  build() {
    this.notices = new Notices({
      undo: (action) => undoDecision(this, action),
      open: (id) => this.open(id),
      noAnswer: (text) => this.tellOfLink(text),
    })
    this.list = new ConversationList({
      show: (change) => this.show(change),
      open: (id, who, byKey) => this.open(id, {who, write: byKey}),
      act: (name) => beginDecision(this, name),
      write: () => this.compose(),
      mayWrite: () => Object.keys(this.state.writers).length > 0,
      mayAct: () => this.state.mayAct,
      sides: () => this.state.sides,
      me: () => this.state.actor,
      teams: () => this.state.teams,
    })
    const actions = actionsOf(this)
    this.composer = new Composer(actions)
    this.pane = new ThreadPane(actions, this.composer)
    this.frame = h("div", {class: "frame"}, this.list.element, this.pane.element, this.pane.about)
    const {trouble, told} = this.notices
    this.box = h("div", {class: "inbox"}, this.drawSkips(), trouble, this.frame, told)
    this.root.append(this.box)
  }

  // Ways past the list, for who uses the keyboard; shown when they have the focus.
  drawSkips() {
    const skip = (text, go) => h("button", {class: "quiet", type: "button", onclick: go}, text)
    return h(
      "div",
      {class: "skips", role: "navigation", "aria-label": "Parts of the inbox"},
      skip("Skip to the list", () => this.list.move(0)),
      skip("Skip to the messages", () => this.pane.items.focus()),
      skip("Skip to the answer", () => this.composer.text.focus()),
      skip("Keyboard shortcuts", () => openShortcuts(this.root)),
    )
  }

  // Asks for everything once; until then the list says that it is loading.
  start() {
    fill(this.list.rows, h("div", {class: "empty", role: "status"}, "Loading …"))
    this.pane.drawNothing()
    return this.notices.attempt(async () => {
      const conversation = (this.ownsAddress && addressed()) || ""
      const {view, filters, order} = this.ownsAddress ? addressedList() : {view: "waiting", filters: {waits: "recent"}}
      const started = await this.link.ask("start", {conversation, view, filters, order})
      const {actor, sends, acts, canned, edits, people, teams, only, anybody, sides, writers, zone} = started
      const known = {actor, sends, mayAct: acts, canned, edits, people, teams, only, anybody, sides, writers, zone}
      Object.assign(this.state, known, {noAttachments: started.no_attachments, isReady: true})
      this.take(started)
      this.setThread(started.thread || null)
      this.drawThread(true)
      if (started.problem) {
        this.setAddress(false)
        this.notices.tell(started.problem)
      }
    })
  }

  setThread(thread) {
    this.state.thread = thread
    this.composer.switchTo(thread?.id || "")
    if (thread) {
      this.composer.adopt(thread.id, thread.draft)
      this.composer.tellWriting(thread.writing)
    }
  }

  // Returns what ends it all again.
  listen() {
    const unfollow = followHost(this.el)
    const unseen = followFront(() => this.noteSeen())
    const watch = setInterval(() => this.lookForChanges(), CHANGES_EVERY_MS)
    const onBack = () => this.followAddress()
    const onHide = () => this.composer.keepNow()
    const unlisten = listenToKeys(this.box, this.root, this.ownsAddress, shortcutsOf(this))
    document.addEventListener("visibilitychange", onHide)
    // What is typed here is nobody else's shortcut.
    for (const name of ["keydown", "keyup", "keypress"]) {
      this.box.addEventListener(name, (event) => event.stopPropagation())
    }
    if (this.ownsAddress) {
      addEventListener("popstate", onBack)
    }
    const letGo = this.pane.keepEndInSight()
    return () => {
      clearInterval(watch)
      document.removeEventListener("visibilitychange", onHide)
      unlisten()
      unseen()
      letGo()
      removeEventListener("popstate", onBack)
      unfollow()
      this.link.close()
    }
  }

  write() {
    if (this.state.thread || this.state.opening) {
      this.composer.text.focus()
    }
  }

  // Asks to whom, and opens that conversation: the one that is there, or a new one.
  compose() {
    const {writers, list} = this.state
    if (!Object.keys(writers).length) {
      return false
    }
    const begin = async (to, side) => {
      const thread = await this.link.ask("begin", {to, side})
      this.state.opening = null
      this.setThread(thread)
      this.drawThread(true)
      this.setAddress(true)
    }
    return openNewMessage(this.root, writers, list?.filters.side, begin, () => this.write())
  }

  openNext() {
    const id = this.list.after(this.state.opening?.id || this.state.thread?.id)
    if (id && id !== this.state.thread?.id) {
      this.open(id, {write: true})
    }
  }

  takeNews(news) {
    if (this.state.isReady) {
      this.take(news)
      if (news.writing) {
        this.composer.tellWriting(news.writing)
      }
    }
  }

  // A page is told what changed. It asks only for what became of messages that it sent a moment ago; a notebook asks for all.
  get mustAsk() {
    const since = Date.now() - 15 * 60_000
    const isOnItsWay = (item) => item.mine && item.tone === "wait" && Date.parse(item.at) > since
    return !this.isPage || (this.state.sends && this.state.thread?.items.some(isOnItsWay))
  }

  async lookForChanges() {
    if (
      this.isAsking ||
      this.link.isGone ||
      !this.state.isReady ||
      document.visibilityState === "hidden" ||
      !this.el.isConnected ||
      !this.mustAsk
    ) {
      return
    }
    this.isAsking = true
    try {
      const answer = await this.link.ask("changes")
      if (answer.changed) {
        this.takeNews(answer)
      }
    } catch (error) {
      this.notices.complain(error)
    }
    this.isAsking = false
  }

  // What is wrong with the line to Python, in the words of the link; "" when it answers again.
  tellOfLink(trouble) {
    this.box.classList.toggle("silent", Boolean(trouble))
    this.notices.showTrouble(trouble)
    if (!trouble) {
      this.composer.keepNow()
    }
    this.composer.refresh()
  }

  // Takes what an answer has: a list, a thread, or both. A thread that is not open any more is left out.
  take(answer, toEnd = false) {
    if (answer.list) {
      this.takeList(answer.list)
    }
    if (answer.thread && answer.thread.id === this.state.thread?.id) {
      const isMoved = answer.thread.link !== this.state.thread.link
      this.state.thread = answer.thread
      this.drawThread(toEnd)
      if (isMoved) {
        this.setAddress(false)
      }
    }
  }

  takeList(list) {
    this.state.list = list
    // What is the same stays, with its focus.
    const text = JSON.stringify(list)
    if (this.drawnList !== text) {
      this.drawnList = text
      this.list.mark(this.state.opening?.id || this.state.thread?.link)
      this.list.draw(list)
    }
  }

  drawThread(toEnd) {
    const {thread, only} = this.state
    this.frame.classList.toggle("reading", Boolean(thread))
    this.frame.classList.toggle("only", only)
    this.list.mark(thread?.link)
    this.pane.draw(thread, toEnd)
    this.noteSeen()
  }

  // Who looks at a conversation is told no more of what came in there.
  async noteSeen() {
    const conversation = this.state.thread?.id
    if (conversation && isInFront() && !this.link.isGone) {
      try {
        await this.link.ask("seen", {conversation})
      } catch (error) {
        this.notices.complain(error)
      }
    }
  }

  // A conversation without any message has an address for as long as a draft of it is kept.
  noteLink(id, hasDraft) {
    const {thread} = this.state
    if (thread?.id === id && thread.state === "new") {
      thread.link = hasDraft ? id : ""
      this.setAddress(false)
    }
  }

  show(change) {
    return this.notices.attempt(async () => {
      const {list} = this.state
      const search = this.list.search.value
      const {filters, order} = list
      // Who waits for longer than a week is a list of its own; other views have no such limit.
      const usual = {...filters, waits: change.view === "waiting" ? "recent" : null}
      const asked = change.view ? {filters: usual, order: null} : {filters, order}
      this.list.element.setAttribute("aria-busy", "true")
      try {
        const {view = list.view, limit, ...others} = change
        this.takeList(await this.link.ask("list", {view, search, limit, ...asked, ...others}))
      } finally {
        this.list.element.setAttribute("aria-busy", "false")
      }
      if (!change.limit) {
        this.list.pickNothing()
        this.list.rows.scrollTop = 0
        this.setAddress(false)
      }
    })
  }

  // Opens a conversation; of several in a row the last one counts. What is typed from now on is written to it.
  async open(id, {push = true, who = "", write = false} = {}) {
    const before = this.state.opening ? this.state.opening.before : this.state.thread
    this.pane.hideNumber()
    Object.assign(this.state, {opening: {id, who: who || this.nameInList(id), before}, thread: null})
    this.composer.switchTo(id)
    this.frame.classList.add("reading")
    this.list.mark(id)
    this.pane.drawOpening(this.state.opening.who)
    if (write) {
      this.composer.text.focus()
    }
    if (this.isOpening) {
      return
    }
    this.isOpening = true
    while (this.state.opening) {
      await this.openWanted(push)
    }
    this.isOpening = false
  }

  async openWanted(push) {
    const {opening} = this.state
    let thread = null
    const isAnswered = await this.notices.attempt(async () => {
      thread = await this.link.ask("open", {conversation: opening.id})
    })
    if (this.state.opening !== opening) {
      return
    }
    this.state.opening = null
    this.setThread(isAnswered ? thread : opening.before)
    this.drawThread(true)
    this.setAddress(push && isAnswered)
  }

  nameInList(id) {
    return this.state.list?.rows.find((row) => row.id === id)?.who || ""
  }

  close(push) {
    this.state.opening = null
    this.setThread(null)
    this.drawThread(false)
    if (push) {
      this.setAddress(true)
    }
    this.link.ask("close").catch((error) => this.notices.complain(error))
  }

  // What the address bar says is of the open conversation and of the list.
  setAddress(push) {
    if (this.ownsAddress) {
      writeAddress(this.state.thread?.link || "", this.state.list, push)
    }
  }

  followAddress() {
    const id = addressed()
    if (id) {
      this.open(id, {push: false})
    } else if (this.state.thread) {
      this.close(false)
    }
  }
}

function render({model, el}) {
  const inbox = new Inbox(model, el)
  // A notebook's widget calls what render returns; a component of a page says when it goes.
  if (typeof model.get !== "function") {
    model.on("lifecycle:remove", inbox.leave)
  }
  return inbox.leave
}

export default {render}
