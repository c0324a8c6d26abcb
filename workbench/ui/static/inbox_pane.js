// The open conversation: its head, its messages, the place to write an answer, and what is known about its contact.

const NEAR_END_PX = 80

class ThreadPane {
  // `actions` as in inbox_actions.js; `composer` is drawn below the messages.
  constructor(actions, composer) {
    this.actions = actions
    this.composer = composer
    this.thread = null
    // By conversation: the whole number where it was shown. By attachment: its element.
    this.revealed = {}
    this.files = {}
    this.lastDrawn = {}
    this.head = h("div", {class: "thread-head"})
    this.items = h("div", {class: "items", tabindex: 0, role: "region", "aria-label": "Messages"})
    this.element = h("section", {class: "thread", "aria-label": "Conversation"})
    this.about = h("aside", {class: "about", "aria-label": "About the contact"})
    composer.tray.listen(this.element)
  }

  drawNothing(...content) {
    this.about.hidden = true
    fill(this.element, h("div", {class: "empty"}, content))
  }

  // Shows at once which conversation is being opened, with the place to write an answer.
  drawOpening(who) {
    this.thread = null
    this.about.hidden = true
    this.about.classList.remove("shown")
    this.head.dataset.id = ""
    this.lastDrawn = {}
    fill(this.head, h("div", {class: "who"}, h("h2", {}, who || "Conversation")))
    fill(this.items, h("div", {class: "empty", role: "status"}, "Opening …"))
    this.element.setAttribute("aria-busy", "true")
    this.drawParts()
  }

  // `toEnd`: the last message is shown, wherever the reader was.
  draw(thread, toEnd) {
    this.thread = thread
    this.element.setAttribute("aria-busy", "false")
    if (!thread) {
      this.drawNothing(h("b", {}, "No conversation open"), h("p", {}, "Choose one on the left to read and answer it."))
      return
    }
    const isOther = !this.head.isConnected || this.head.dataset.id !== thread.id
    const wasNearEnd = this.fromEnd - this.items.clientHeight < NEAR_END_PX
    this.about.hidden = false
    this.head.dataset.id = thread.id
    if (this.differs("head", {...thread, items: null})) {
      this.drawHead()
    }
    if (this.differs("items", [thread.id, thread.items, thread.older])) {
      fill(this.items, drawItems(thread, this.actions))
    }
    if (isOther || !this.about.contains(this.about.getRootNode().activeElement)) {
      this.drawAbout()
    }
    this.drawParts()
    if (isOther || toEnd || wasNearEnd) {
      this.items.scrollTop = this.items.scrollHeight
    }
  }

  drawParts() {
    if (!this.head.isConnected) {
      this.element.replaceChildren(this.head, this.items, this.composer.element)
    }
    this.composer.refresh()
  }

  drawHead() {
    fill(this.head, drawHead(this.thread, this.revealed[this.thread.id], this.actions))
  }

  drawAbout() {
    const hide = () => this.about.classList.remove("shown")
    fill(
      this.about,
      h("button", {class: "quiet about-close", type: "button", onclick: hide}, "Close"),
      drawAbout(this.thread, this.actions),
    )
  }

  // Whether the data of a part differs from what was drawn last: what is the same stays, with its focus and its pictures.
  differs(part, data) {
    const text = JSON.stringify(data)
    const changed = this.lastDrawn[part] !== text
    this.lastDrawn[part] = text
    return changed
  }

  // How far the reader is from the end of the messages, in pixels.
  get fromEnd() {
    return this.items.scrollHeight - this.items.scrollTop
  }

  set fromEnd(pixels) {
    this.items.scrollTop = this.items.scrollHeight - pixels
  }

  // A composer that grows takes its height from the messages above; the last message stays in sight. Returns what ends it.
  keepEndInSight() {
    let height = 0
    const resized = new ResizeObserver(() => {
      this.items.scrollTop += Math.max(0, height - this.items.clientHeight)
      height = this.items.clientHeight
    })
    resized.observe(this.items)
    return () => resized.disconnect()
  }

  nameOfContact() {
    const {thread} = this
    const number = this.revealed[thread.id] || thread.address
    return thread.who === thread.address ? number : `${thread.who} (${number})`
  }

  // Shows the whole number, which `read` asks for, or hides it again.
  async switchNumber(read) {
    const {id} = this.thread
    const number = this.revealed[id] ? "" : await read()
    if (this.thread?.id === id) {
      this.revealed[id] = number
      this.drawHead()
    }
  }

  // The whole number of the conversation that is left is shown no more.
  hideNumber() {
    delete this.revealed[this.thread?.id]
  }
}
