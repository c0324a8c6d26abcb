// The bell in the head of a page: how many conversations are unread, and the choices of the person.

const PACES = [
  ["off", "Off"],
  ["now", "At once"],
  ["15m", "Every 15 minutes"],
  ["1h", "Every hour"],
  ["08:00", "Daily at 08:00"],
]
const KINDS = [
  ["message", "New messages"],
  ["assigned", "Given to me"],
  ["mention", "Names me"],
]
const STATES = {
  granted: ["good", "Allowed in this browser."],
  denied: [
    "bad",
    "Blocked in this browser. Click the sign to the left of the address, set Notifications to Allow, and load the page again.",
  ],
  impossible: [
    "",
    "Not possible here: this browser has no notifications, or the page is not opened by https or on this machine.",
  ],
}

class BellPanel {
  constructor(model, el) {
    this.root = shadowOf(el, CSS)
    this.model = model
    this.link = new Link(model, (trouble) => this.say(trouble))
    this.choices = null
    this.shown = new Shown()
    this.count = h("span", {class: "count", hidden: true})
    this.button = h(
      "button",
      {class: "icon-button bell", type: "button", "aria-haspopup": "dialog", onclick: () => this.open()},
      icon("bell", 20),
      this.count,
    )
    this.body = h("div", {class: "choices"})
    this.said = h("p", {class: "said", role: "status"})
    this.root.append(h("div", {}, this.button))
    this.receive = (data) => this.take((data?.news ? data : data?.data)?.news)
    model.on("msg:custom", this.receive)
    this.label(0)
    this.start()
    this.leave = () => {
      model.off("msg:custom", this.receive)
      this.link.close()
      this.shown.close()
    }
  }

  async start() {
    try {
      const {choices, news, now} = await this.link.ask("start")
      this.choices = choices
      this.shown.since = new Date(now)
      // The panel may be open already.
      this.draw()
      this.take(news)
    } catch (error) {
      this.say(error.message)
    }
  }

  take(news) {
    if (news) {
      this.label(news.unread)
      this.shown.take(news)
      if (news.unread) {
        dispatchEvent(new Event(UNREAD_EVENT))
      }
    }
  }

  label(unread) {
    const words = unread === 1 ? "1 conversation unread" : `${unread} conversations unread`
    this.button.setAttribute("aria-label", `Notifications: ${unread ? words : "nothing unread"}`)
    this.count.textContent = unread > 99 ? "99+" : unread
    this.count.hidden = !unread
  }

  say(text, isBad = Boolean(text)) {
    this.said.textContent = text
    this.said.classList.toggle("bad", isBad)
  }

  open() {
    this.say("")
    this.draw()
    openDialog(this.root.lastElementChild, "Notifications", "Notifications", "", [this.body, this.said])
  }

  // Whether it was saved; what was chosen stands in its field already.
  async attempt(work) {
    try {
      this.choices = await work()
      this.say("Saved.", false)
      return true
    } catch (error) {
      this.say(error.message)
      return false
    }
  }

  async choose(name, value) {
    if (!(await this.attempt(() => this.link.ask("choose", {name, value})))) {
      this.redraw()
    }
  }

  redraw() {
    keepingPlace(this.body, () => this.draw())
  }

  draw() {
    const {choices} = this
    if (!choices) {
      fill(this.body, h("p", {}, "Loading …"))
      return
    }
    fill(
      this.body,
      group("In the browser", this.drawPermission(), this.flag("browser", "Show notifications in open pages")),
      group(
        "What",
        this.select("messages", "New messages of", [
          ["mine-and-unassigned", "Mine, and those nobody has"],
          ["mine", "Mine only"],
          ["all", "All conversations"],
          ["off", "None"],
        ]),
        this.flag("assigned", "A conversation is given to me"),
        this.flag("mentions", "A private note names me, as @name"),
      ),
      group("By mail", this.line("mail_to", "To", "ann@example.com", "email"), this.select("mail", "How soon", PACES)),
      group("By another service", this.drawAddress(), this.select("apprise", "How soon", PACES)),
      group(
        "Quiet times",
        this.line("quiet", "When", "22:00-07:00, Sat-Sun 00:00-24:00"),
        this.line("timezone", "Time zone", "Europe/Berlin"),
        h(
          "fieldset",
          {},
          h("legend", {}, "Told nevertheless"),
          KINDS.map(([kind, words]) => this.urgent(kind, words)),
        ),
      ),
      group(
        "Outside of the pages",
        this.select("outside", "A notice says", [
          ["masked", "Who, with the number masked"],
          ["nothing", "Only that something came"],
          choices.may_text ? ["text", "Who, and the text"] : null,
        ]),
      ),
      this.drawTroubles(),
      h(
        "button",
        {class: "quiet", type: "button", onclick: () => this.test()},
        "Send a test by mail and the other service",
      ),
    )
  }

  drawPermission() {
    const state = permission()
    if (state === "default") {
      return h("button", {class: "primary", type: "button", onclick: () => this.allow()}, "Allow in this browser")
    }
    const [tone, words] = STATES[state]
    return h("p", {class: `permission ${tone}`}, words)
  }

  async allow() {
    await Notification.requestPermission()
    this.draw()
  }

  flag(name, words) {
    const onchange = (event) => this.choose(name, event.target.checked)
    return h("label", {class: "flag"}, h("input", {type: "checkbox", checked: this.choices[name], onchange}), words)
  }

  urgent(kind, words) {
    const onchange = (event) => {
      const others = this.choices.urgent.filter((each) => each !== kind)
      this.choose("urgent", event.target.checked ? [...others, kind] : others)
    }
    const checked = this.choices.urgent.includes(kind)
    return h("label", {class: "flag"}, h("input", {type: "checkbox", checked, onchange}), words)
  }

  select(name, label, options) {
    const value = this.choices[name]
    const known = options.filter(Boolean)
    const all = known.some(([each]) => each === value) ? known : [...known, [value, `Daily at ${value}`]]
    return field(
      label,
      h(
        "select",
        {onchange: (event) => this.choose(name, event.target.value)},
        all.map(([each, words]) => h("option", {value: each, selected: each === value}, words)),
      ),
    )
  }

  line(name, label, placeholder, type = "text") {
    const onchange = (event) => this.chooseText(name, event.target.value.trim())
    return field(label, h("input", {type, placeholder, value: this.choices[name], onchange}))
  }

  // What was typed wrong stays, to be mended; what was emptied shows what holds instead.
  async chooseText(name, text) {
    const empty = name === "quiet" ? [] : "default"
    const typed = name === "quiet" ? text.split(/\s*,\s*/) : text
    const value = text ? typed : empty
    if ((await this.attempt(() => this.link.ask("choose", {name, value}))) && !text) {
      this.redraw()
    }
  }

  // The address is a secret: it is written, and never shown again.
  drawAddress() {
    const {choices} = this
    const input = h("input", {type: "password", autocomplete: "off", placeholder: "slack://…"})
    const save = async (value) => {
      if (await this.attempt(() => this.link.ask("address", {value}))) {
        this.redraw()
      }
    }
    return [
      field(choices.has_address ? "Another address" : "Address", input),
      h(
        "div",
        {class: "buttons"},
        h("button", {class: "quiet", type: "button", onclick: () => save(input.value)}, "Save address"),
        choices.has_address
          ? h("button", {class: "quiet", type: "button", onclick: () => save("")}, "Remove address")
          : null,
        h("span", {class: "hint"}, choices.has_address ? "An address is kept." : "No address yet."),
      ),
    ]
  }

  drawTroubles() {
    const {troubles} = this.choices
    if (!troubles.length) {
      return null
    }
    return group(
      "What did not arrive",
      h(
        "ul",
        {class: "troubles"},
        troubles.map((text) => h("li", {}, text)),
      ),
    )
  }

  async test() {
    this.say("Sending …", false)
    try {
      const {text, ...choices} = await this.link.ask("test")
      this.choices = choices
      this.redraw()
      this.say(text, text.includes("failed") || text.includes("unknown"))
    } catch (error) {
      this.say(error.message)
    }
  }
}

function group(title, ...children) {
  return h("section", {}, h("h3", {}, title), children)
}

function field(label, input) {
  return h("label", {class: "field"}, h("span", {}, label), input)
}

function render({model, el}) {
  const bell = new BellPanel(model, el)
  model.on("lifecycle:remove", bell.leave)
  return bell.leave
}

export default {render}
