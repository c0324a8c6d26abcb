// The inbox: a list of conversations, one of them open, and what is known about its contact.

const CHANGES_EVERY_MS = 3_000
const TOLD_FOR_MS = 30_000
const NEAR_END_PX = 80

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
    // By conversation: the whole number where it was shown. By attachment: its element.
    this.revealed = {}
    this.files = {}
    this.lastDrawn = {}
    el.style.setProperty("--inbox-height", trait(model, "box_height") || "620px")
    this.build()
    this.start()
    this.leave = this.listen()
  }

  build() {
    this.trouble = h("div", {class: "trouble", role: "alert", hidden: true})
    this.told = h("div", {class: "told", hidden: true}, h("span", {role: "status"}), h("span", {}))
    this.list = new ConversationList({
      show: (change) => this.show(change),
      open: (id, who, byKey) => this.open(id, {who, write: byKey}),
      act: (name) => this.act(name),
      write: () => this.compose(),
      mayWrite: () => Object.keys(this.state.writers).length > 0,
      mayAct: () => this.state.mayAct,
      sides: () => this.state.sides,
      me: () => this.state.actor,
      teams: () => this.state.teams,
    })
    this.head = h("div", {class: "thread-head"})
    this.items = h("div", {class: "items", tabindex: 0, role: "region", "aria-label": "Messages"})
    this.thread = h("section", {class: "thread", "aria-label": "Conversation"})
    this.about = h("aside", {class: "about", "aria-label": "About the contact"})
    this.frame = h("div", {class: "frame"}, this.list.element, this.thread, this.about)
    this.box = h("div", {class: "inbox"}, this.drawSkips(), this.trouble, this.frame, this.told)
    this.root.append(this.box)
    this.actions = this.makeActions()
    this.composer = new Composer(this.actions)
    this.composer.tray.listen(this.thread)
  }

  // Ways past the list, for who uses the keyboard; shown when they have the focus.
  drawSkips() {
    const skip = (text, go) => h("button", {class: "quiet", type: "button", onclick: go}, text)
    return h(
      "div",
      {class: "skips", role: "navigation", "aria-label": "Parts of the inbox"},
      skip("Skip to the list", () => this.list.move(0)),
      skip("Skip to the messages", () => this.items.focus()),
      skip("Skip to the answer", () => this.composer.text.focus()),
      skip("Keyboard shortcuts", () => openShortcuts(this.root)),
    )
  }

  // What the other scripts may do: they know neither this class nor the line to Python.
  makeActions() {
    return {
      me: () => this.state.actor,
      isOpening: () => Boolean(this.state.opening),
      hasList: () => !this.state.only,
      next: () => this.openNext(),
      tell: (text, doing) => this.tell(text, doing),
      sends: () => this.state.sends && this.state.thread?.reachable,
      trouble: () => this.link.trouble,
      whyNot: () =>
        this.state.mayAct
          ? "Nothing can be sent from here."
          : "You may read here; answering takes the role of an agent.",
      mayAct: () => this.state.mayAct,
      canned: () => this.state.canned,
      editsCanned: () => this.state.edits,
      fillCanned: (template, values) => this.link.ask("canned", {template, values}),
      saveCanned: async (template, title, shortcut, text) =>
        Object.assign(this.state, await this.link.ask("save_canned", {template, title, shortcut, text})),
      removeCanned: async (template) => Object.assign(this.state, await this.link.ask("remove_canned", {template})),
      owners: () => (this.state.anybody ? null : ownerChoices(this.state)),
      people: () => [...this.state.people, ...Object.keys(this.state.teams)],
      who: () => this.nameOfContact(),
      check: (body, files, at) => this.link.ask("check", {body, files, at}),
      send: (conversation, body, key, files, confirmed, wait, at) =>
        this.send(conversation, body, key, files, confirmed, wait, at),
      callOff: (message) => this.attempt(async () => this.take(await this.link.ask("call_off", {message}))),
      chooseMoment: (options, take) => openSendLater(this.root, this.state.zone, options, take),
      noAttachments: () => this.state.noAttachments,
      attach: (conversation, key, {name, type, size}, offset, data) =>
        this.link.ask("attach", {conversation, key, name, type, size, offset, data}),
      detach: (conversation, file) => this.link.ask("detach", {conversation, file}),
      replyFile: (conversation, file) => this.link.ask("reply_file", {conversation, file}),
      noteDraft: (conversation, isThere) => this.list.noteDraft(conversation, isThere),
      status: (conversation, key) => this.askStatus(conversation, key),
      unsend: (conversation) => this.link.ask("unsend", {conversation}),
      keep: (conversation, body, mode, key, hasFiles) => this.keep(conversation, body, mode, key, hasFiles),
      decide: (kind, value, until) =>
        this.attempt(async () => this.take(await this.link.ask("decide", {kind, value, until}))),
      contact: (field, value) => this.attempt(async () => this.take(await this.link.ask("contact", {field, value}))),
      older: () => this.attempt(() => this.showOlder()),
      file: (media) => this.files[media],
      media: (media) => this.fetchFile(media),
      reveal: () => this.reveal(),
      customer: () => this.link.ask("customer"),
      exportThread: () => openExport(this.root, this.state.mayAct, (format, whole) => this.saveThread(format, whole)),
      open: (id) => this.open(id),
      back: () => this.close(true),
      toggleAbout: () => this.about.classList.toggle("shown"),
    }
  }

  // Asks for everything once; until then the list says that it is loading.
  start() {
    fill(this.list.rows, h("div", {class: "empty", role: "status"}, "Loading …"))
    fill(this.thread, h("div", {class: "empty"}, ""))
    this.about.hidden = true
    return this.attempt(async () => {
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
        this.tell(started.problem)
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
    const unlisten = listenToKeys(this.box, this.root, this.ownsAddress, this.shortcuts())
    document.addEventListener("visibilitychange", onHide)
    // What is typed here is nobody else's shortcut.
    for (const name of ["keydown", "keyup", "keypress"]) {
      this.box.addEventListener(name, (event) => event.stopPropagation())
    }
    if (this.ownsAddress) {
      addEventListener("popstate", onBack)
    }
    // A composer that grows takes its height from the messages above; the last message stays in sight.
    let height = 0
    const resized = new ResizeObserver(() => {
      this.items.scrollTop += Math.max(0, height - this.items.clientHeight)
      height = this.items.clientHeight
    })
    resized.observe(this.items)
    return () => {
      clearInterval(watch)
      document.removeEventListener("visibilitychange", onHide)
      unlisten()
      unseen()
      resized.disconnect()
      removeEventListener("popstate", onBack)
      unfollow()
      this.link.close()
    }
  }

  shortcuts() {
    const whole = (act) => (target) => (this.state.mayAct ? this.act(act, target) : false)
    return {
      down: (target) => this.list.move(1, target),
      up: (target) => this.list.move(-1, target),
      next: () => this.openNext(),
      search: () => this.list.search.focus(),
      reply: () => this.write(),
      compose: () => this.compose(),
      resolve: whole("resolve"),
      assign: whole("assign"),
      label: whole("label"),
      snooze: whole("snooze"),
      help: () => openShortcuts(this.root),
      pick: (target) => {
        const id = target?.closest?.(".line")?.dataset.id
        return id && this.state.mayAct ? this.list.pick(id, !this.list.isPicked(id)) : false
      },
      back: (target) => this.goBack(target),
    }
  }

  // One step back: from what is typed to the list, then from what is picked, then from the conversation.
  goBack(target) {
    if (isTyping(target) || !target?.closest?.(".list")) {
      return this.list.move(0)
    }
    if (this.list.picked.size || this.list.pickedAll) {
      return this.list.pickNothing()
    }
    return this.state.thread && !this.state.only ? this.close(true) : false
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

  // Begins a decision about what is picked, the line with the focus, or the open conversation.
  act(name, target) {
    const opened = this.state.thread?.link
    const open = opened && !target?.closest?.(".line") ? {conversations: [opened]} : null
    const about = this.list.chosen(open ? null : target) || open
    if (!about) {
      return false
    }
    const decide = (kind, value, until) => this.decideMany(about, kind, value, until)
    if (name === "resolve") {
      return decide("state", "resolved")
    }
    if (name === "snooze") {
      return openSnooze(this.root, this.state.zone, (until) => decide("state", "snoozed", until))
    }
    if (name === "assign") {
      return openChooser(this.root, {
        title: "Assign to",
        options: ownerChoices(this.state),
        free: this.state.anybody ? "A name" : "",
        take: (person) => decide("assignee", person),
      })
    }
    const labels = Object.keys(this.state.list?.values.label || {})
    return openChooser(this.root, {
      title: "Add a label",
      options: labels.map((label) => [label, label]),
      free: "A label",
      take: (label) => decide("label", label),
    })
  }

  decideMany(about, kind, value, until) {
    return this.attempt(async () => {
      const {conversations = [], all = null} = about
      const opened = this.state.thread?.id
      const next = this.list.after(opened)
      const answer = await this.link.ask("bulk", {conversations, all, kind, value, until})
      this.list.pickNothing()
      this.take(answer)
      this.tell(tellOfAction(answer, kind, value), answer.action ? {undo: answer.action} : {})
      if (kind === "state" && conversations[0] === opened && this.composer.opensNext && next !== opened) {
        this.open(next)
      }
    })
  }

  undo(action) {
    return this.attempt(async () => {
      const answer = await this.link.ask("undo", {action})
      this.take(answer)
      const left = answer.left ? ` ${counted(answer.left)} changed since and stay as they are.` : ""
      this.tell(`Undone for ${conversationsOf(answer.changed)}.${left}`)
    })
  }

  // Says what was done, with a way back where there is one.
  tell(text, {undo, open} = {}) {
    const hide = () => {
      this.told.hidden = true
    }
    const button = (label, act) =>
      h(
        "button",
        {
          class: "link",
          type: "button",
          onclick: () => {
            hide()
            act()
          },
        },
        label,
      )
    this.told.hidden = false
    fill(this.told.firstChild, text)
    fill(
      this.told.lastChild,
      undo ? button("Undo", () => this.undo(undo)) : null,
      open ? button("Open it", () => this.open(open)) : null,
      button("Close", () => {}),
    )
    clearTimeout(this.telling)
    this.telling = setTimeout(hide, TOLD_FOR_MS)
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
      this.complain(error)
    }
    this.isAsking = false
  }

  // What is wrong with the line to Python, in the words of the link; "" when it answers again.
  tellOfLink(trouble) {
    this.box.classList.toggle("silent", Boolean(trouble))
    this.trouble.hidden = !trouble
    fill(this.trouble, h("span", {}, trouble))
    if (!trouble) {
      this.composer.keepNow()
    }
    this.composer.refresh()
  }

  complain(error) {
    if (error instanceof NoAnswer) {
      this.tellOfLink(error.message)
      return
    }
    const close = () => {
      this.trouble.hidden = true
    }
    fill(
      this.trouble,
      h("span", {}, error.message),
      h("button", {class: "link", type: "button", onclick: close}, "Close"),
    )
    this.trouble.hidden = false
  }

  async attempt(work) {
    try {
      await work()
      this.trouble.hidden = true
      return true
    } catch (error) {
      this.complain(error)
      return false
    }
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
    if (this.differs("list", list)) {
      this.list.mark(this.state.opening?.id || this.state.thread?.link)
      this.list.draw(list)
    }
  }

  // Whether the data of a part differs from what was drawn last: what is the same stays, with its focus and its pictures.
  differs(part, data) {
    const text = JSON.stringify(data)
    const changed = this.lastDrawn[part] !== text
    this.lastDrawn[part] = text
    return changed
  }

  // Shows at once which conversation is being opened, with the place to write an answer.
  drawOpening() {
    const {id, who} = this.state.opening
    this.frame.classList.add("reading")
    this.about.hidden = true
    this.list.mark(id)
    this.head.dataset.id = ""
    this.lastDrawn = {...this.lastDrawn, head: "", items: ""}
    fill(this.head, h("div", {class: "who"}, h("h2", {}, who || "Conversation")))
    fill(this.items, h("div", {class: "empty", role: "status"}, "Opening …"))
    this.thread.setAttribute("aria-busy", "true")
    if (!this.head.isConnected) {
      this.thread.replaceChildren(this.head, this.items, this.composer.element)
    }
    this.composer.refresh()
  }

  drawThread(toEnd) {
    const {thread} = this.state
    this.thread.setAttribute("aria-busy", "false")
    this.frame.classList.toggle("reading", Boolean(thread))
    this.frame.classList.toggle("only", this.state.only)
    this.about.hidden = !thread
    this.list.mark(thread?.link)
    if (!thread) {
      fill(
        this.thread,
        h(
          "div",
          {class: "empty"},
          h("b", {}, "No conversation open"),
          h("p", {}, "Choose one on the left to read and answer it."),
        ),
      )
      return
    }
    const isNew = !this.head.isConnected || this.head.dataset.id !== thread.id
    const {scrollHeight, scrollTop, clientHeight} = this.items
    const wasNearEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX
    this.head.dataset.id = thread.id
    if (this.differs("head", {...thread, items: null})) {
      this.drawHead()
    }
    if (this.differs("items", [thread.id, thread.items, thread.older])) {
      fill(this.items, drawItems(thread, this.actions))
    }
    if (!this.about.contains(this.root.activeElement) || isNew) {
      this.drawAbout()
    }
    if (!this.head.isConnected) {
      this.thread.replaceChildren(this.head, this.items, this.composer.element)
    }
    this.composer.refresh()
    if (isNew || toEnd || wasNearEnd) {
      this.items.scrollTop = this.items.scrollHeight
    }
    this.noteSeen()
  }

  // Who looks at a conversation is told no more of what came in there.
  async noteSeen() {
    const conversation = this.state.thread?.id
    if (conversation && isInFront() && !this.link.isGone) {
      try {
        await this.link.ask("seen", {conversation})
      } catch (error) {
        this.complain(error)
      }
    }
  }

  drawHead() {
    const {thread} = this.state
    fill(this.head, drawHead(thread, this.revealed[thread.id], this.actions))
  }

  drawAbout() {
    const hide = () => this.about.classList.remove("shown")
    fill(
      this.about,
      h("button", {class: "quiet about-close", type: "button", onclick: hide}, "Close"),
      drawAbout(this.state.thread, this.actions),
    )
  }

  nameOfContact() {
    const {thread} = this.state
    const number = this.revealed[thread.id] || thread.address
    return thread.who === thread.address ? number : `${thread.who} (${number})`
  }

  async send(conversation, body, key, files, confirmed, wait, at) {
    const result = await this.link.ask("send", {conversation, body, key, files, confirmed, wait, at})
    this.take(result, true)
    return result
  }

  async askStatus(conversation, key) {
    const result = await this.link.ask("status", {conversation, key})
    this.take(result, true)
    return result
  }

  async keep(conversation, body, mode, key, hasFiles) {
    this.noteLink(conversation, Boolean(body.trim()) || hasFiles)
    try {
      const answer = await this.link.ask("draft", {conversation, body, mode, key})
      this.list.noteDraft(conversation, Boolean(body.trim()) || hasFiles)
      return answer
    } catch (error) {
      this.complain(error)
      return {kept: false, key}
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

  async showOlder() {
    const before = this.items.scrollHeight - this.items.scrollTop
    const {id: conversation, items} = this.state.thread
    const messages = items.length + 100
    this.take({thread: await this.link.ask("open", {conversation, messages})})
    this.items.scrollTop = this.items.scrollHeight - before
  }

  async fetchFile(media) {
    try {
      this.files[media] = drawFile(await this.link.ask("media", {media}), media)
      return this.files[media]
    } catch (error) {
      this.complain(error)
      return null
    }
  }

  saveThread(format, whole) {
    return this.attempt(async () => {
      const {name, text} = await this.link.ask("export", {format, whole})
      saveFile(name, text)
    })
  }

  async reveal() {
    const {id} = this.state.thread
    if (this.revealed[id]) {
      delete this.revealed[id]
      this.drawHead()
      return
    }
    await this.attempt(async () => {
      this.revealed[id] = (await this.link.ask("reveal")).address
      if (this.state.thread.id === id) {
        this.drawHead()
      }
    })
  }

  show(change) {
    return this.attempt(async () => {
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
    delete this.revealed[this.state.thread?.id]
    Object.assign(this.state, {opening: {id, who: who || this.nameInList(id), before}, thread: null})
    this.about.classList.remove("shown")
    this.composer.switchTo(id)
    this.drawOpening()
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
    const isAnswered = await this.attempt(async () => {
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
    this.link.ask("close").catch((error) => this.complain(error))
  }

  // What the address bar says is of the open conversation and of the list.
  setAddress(push) {
    if (!this.ownsAddress) {
      return
    }
    const query = new URLSearchParams(location.search)
    const values = {conversation: this.state.thread?.link || "", ...addressOf(this.state.list)}
    for (const [name, value] of Object.entries(values)) {
      if (value) {
        query.set(name, value)
      } else {
        query.delete(name)
      }
    }
    const url = location.pathname + (query.size ? `?${query}` : "")
    history[push ? "pushState" : "replaceState"](null, "", url)
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

// The conversation that the address bar names.
function addressed() {
  return new URLSearchParams(location.search).get("conversation")
}

// The list that the address bar names: its view, filters and order. Whoever says nothing begins with the last week.
function addressedList() {
  const query = new URLSearchParams(location.search)
  const view = query.get("view") in VIEWS ? query.get("view") : "waiting"
  const filters = {}
  for (const name of FILTER_NAMES.filter((each) => query.get(each))) {
    filters[name] = TICKED.includes(name) ? true : query.get(name)
  }
  if (!(filters.waits in WAITS)) {
    filters.waits = view === "waiting" && filters.waits !== "any" ? "recent" : null
  }
  const order = query.get("order") in ORDERS ? query.get("order") : null
  return {view, filters, order}
}

function addressOf(list) {
  const {view, filters, order} = list
  const values = {view: view === "waiting" ? "" : view}
  for (const name of FILTER_NAMES) {
    values[name] = filters[name] ? String(filters[name]) : ""
  }
  if (view === "waiting") {
    values.waits = {recent: "", undefined: "any"}[filters.waits] ?? filters.waits
  }
  const usual = view === "waiting" ? "longest" : "newest"
  return {...values, order: order === usual ? "" : order}
}

function conversationsOf(number) {
  return number === 1 ? "1 conversation" : `${counted(number)} conversations`
}

// What an action did, in a sentence.
function tellOfAction({changed, left}, kind, value) {
  const what = conversationsOf(changed)
  const deeds = {
    assignee: value ? `Assigned ${what} to ${value}.` : `Took ${what} from their owners.`,
    label: `Labelled ${what} “${value}”.`,
    unlabel: `Removed the label “${value}” from ${what}.`,
    state: `${value === "snoozed" ? "Snoozed" : "Resolved"} ${what}.`,
  }
  return left ? `${deeds[kind]} ${counted(left)} had it already.` : deeds[kind]
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
