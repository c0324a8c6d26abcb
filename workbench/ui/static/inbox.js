// The inbox: a list of conversations, one of them open, and what is known about its contact.

const CHANGES_EVERY_MS = 3_000
const NEAR_END_PX = 80

class Inbox {
  constructor(model, el) {
    this.el = el
    this.root = shadowOf(el, CSS)
    this.link = new Link(model, (trouble) => this.tellOfLink(trouble))
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
      only: false,
      isReady: false,
    }
    // By conversation: the whole number where it was shown, and what was typed. By attachment: its element.
    this.revealed = {}
    this.drafts = {}
    this.files = {}
    this.lastDrawn = {}
    el.style.setProperty("--inbox-height", trait(model, "box_height") || "620px")
    this.build()
    this.start()
    this.leave = this.listen()
  }

  build() {
    this.trouble = h("div", {class: "trouble", role: "alert", hidden: true})
    this.list = conversationList({show: (change) => this.show(change), open: (id) => this.open(id)})
    this.head = h("div", {class: "thread-head"})
    this.items = h("div", {class: "items", tabindex: 0, "aria-label": "Messages"})
    this.thread = h("section", {class: "thread", "aria-label": "Conversation"})
    this.about = h("aside", {class: "about", "aria-label": "About the contact"})
    this.frame = h("div", {class: "frame"}, this.list.element, this.thread, this.about)
    this.box = h("div", {class: "inbox"}, this.trouble, this.frame)
    this.root.append(this.box)
    this.actions = this.makeActions()
    this.composer = new Composer(this.actions)
  }

  // What the other scripts may do: they know neither this class nor the line to Python.
  makeActions() {
    return {
      me: () => this.state.actor,
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
      people: () => this.state.people,
      who: () => this.nameOfContact(),
      check: (body) => this.link.ask("check", {body}),
      send: (body, key) => this.send(body, key),
      decide: (kind, value, until) =>
        this.attempt(async () => this.take(await this.link.ask("decide", {kind, value, until}))),
      contact: (field, value) => this.attempt(async () => this.take(await this.link.ask("contact", {field, value}))),
      older: () => this.attempt(() => this.showOlder()),
      file: (media) => this.files[media],
      media: (media) => this.fetchFile(media),
      reveal: () => this.reveal(),
      customer: () => this.link.ask("customer"),
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
      const started = await this.link.ask("start", {conversation})
      const {actor, sends, acts, canned, edits, people, only} = started
      Object.assign(this.state, {actor, sends, mayAct: acts, canned, edits, people, only, isReady: true})
      this.take(started, true)
      if (!started.thread) {
        this.drawThread(false)
      }
    })
  }

  // Returns what ends it all again.
  listen() {
    const unfollow = followHost(this.el)
    const watch = setInterval(() => this.lookForChanges(), CHANGES_EVERY_MS)
    const onBack = () => this.followAddress()
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
      resized.disconnect()
      removeEventListener("popstate", onBack)
      unfollow()
      this.link.close()
    }
  }

  async lookForChanges() {
    if (
      this.isAsking ||
      this.link.isGone ||
      !this.state.isReady ||
      document.visibilityState === "hidden" ||
      !this.el.isConnected
    ) {
      return
    }
    this.isAsking = true
    try {
      const answer = await this.link.ask("changes")
      if (answer.changed) {
        this.take(answer)
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
    const {thread} = this.state
    if (answer.thread && (!thread || answer.thread.id === thread.id || toEnd)) {
      this.state.thread = answer.thread
      this.drawThread(toEnd)
    }
  }

  takeList(list) {
    this.state.list = list
    if (this.differs("list", list)) {
      this.list.draw(list, this.state.thread?.id)
    }
  }

  // Whether the data of a part differs from what was drawn last: what is the same stays, with its focus and its pictures.
  differs(part, data) {
    const text = JSON.stringify(data)
    const changed = this.lastDrawn[part] !== text
    this.lastDrawn[part] = text
    return changed
  }

  drawThread(toEnd) {
    const {thread} = this.state
    this.frame.classList.toggle("reading", Boolean(thread))
    this.frame.classList.toggle("only", this.state.only)
    this.about.hidden = !thread
    this.list.mark(thread?.id)
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

  async send(body, key) {
    const conversation = this.state.thread.id
    const result = await this.link.ask("send", {body, key, confirmed: true, conversation})
    this.take(result, true)
    return result
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
      const search = this.list.search.value
      this.takeList(await this.link.ask("list", {view: this.state.list.view, search, ...change}))
      if (change.view || change.search !== undefined) {
        this.list.rows.scrollTop = 0
      }
    })
  }

  open(conversation, push = true) {
    return this.attempt(async () => {
      const thread = await this.link.ask("open", {conversation})
      // Also what was typed while the answer was on its way.
      this.rememberDraft()
      delete this.revealed[this.state.thread?.id]
      this.state.thread = thread
      this.about.classList.remove("shown")
      this.drawThread(true)
      this.composer.draft = this.drafts[thread.id] || ""
      this.setAddress(thread.id, push)
    })
  }

  close(push) {
    this.rememberDraft()
    this.state.thread = null
    this.drawThread(false)
    if (push) {
      this.setAddress("", true)
    }
    this.link.ask("close").catch((error) => this.complain(error))
  }

  rememberDraft() {
    const {thread} = this.state
    if (thread) {
      this.drafts[thread.id] = this.composer.draft
    }
  }

  setAddress(id, push) {
    if (!this.ownsAddress) {
      return
    }
    const query = new URLSearchParams(location.search)
    if (id) {
      query.set("conversation", id)
    } else {
      query.delete("conversation")
    }
    const url = location.pathname + (query.size ? `?${query}` : "")
    history[push ? "pushState" : "replaceState"](null, "", url)
  }

  followAddress() {
    const id = addressed()
    if (id) {
      this.open(id, false)
    } else if (this.state.thread) {
      this.close(false)
    }
  }
}

// The conversation that the address bar names.
function addressed() {
  return new URLSearchParams(location.search).get("conversation")
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
