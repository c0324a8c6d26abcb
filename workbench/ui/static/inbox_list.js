// The list of conversations: views with their counts, filters, one line for each conversation, and what is done with many.

const VIEWS = {
  waiting: "Waiting",
  open: "Open",
  pending: "Pending",
  snoozed: "Snoozed",
  resolved: "Resolved",
  all: "All",
}
const EMPTY_VIEWS = {
  waiting: ["Nobody is waiting", "Everything that was asked has an answer."],
  open: ["Nothing is open", "A conversation opens with a contact's message."],
  pending: ["Nothing is pending", "Set a conversation aside while it waits for somebody else."],
  snoozed: ["Nothing is snoozed", "A snoozed conversation comes back at its time, or with a new message."],
  resolved: ["Nothing is resolved yet", "A resolved conversation opens again with a new message."],
  all: ["No conversations yet", "They come with the messages: run a sync."],
}
const MORE_ROWS = 120,
  MOST_ROWS = 500

// `does`: `write` begins a message to somebody new, `show` asks for another list, `open` opens a conversation, `act` begins a decision about what is picked.
class ConversationList {
  constructor(does) {
    this.does = does
    this.list = null
    this.opened = ""
    this.picked = new Set()
    // How many the list had when all of it was picked; 0 where single ones are.
    this.pickedAll = 0
    this.anchor = ""
    this.drafts = new Set()
    this.build()
  }

  build() {
    this.search = h("input", {
      type: "search",
      placeholder: "Text, name, number or SID",
      title: "A number is found whole, or by the digits of it that are shown",
      "aria-label": "Search conversations",
    })
    this.write = h("button", {class: "quiet", type: "button", hidden: true, onclick: this.does.write}, "New message")
    this.views = h("div", {class: "views", role: "group", "aria-label": "Which conversations"})
    this.toggle = h("button", {class: "quiet filter-toggle", type: "button", "aria-expanded": "false"}, "Filter")
    this.panel = h("div", {class: "filter-panel", role: "group", "aria-label": "Filters", hidden: true})
    this.chips = h("div", {class: "filter-chips"})
    this.bar = h("div", {class: "bulk", role: "group", "aria-label": "Selected conversations", hidden: true})
    this.rows = h("div", {class: "rows"})
    this.foot = h("div", {class: "list-foot"})
    this.head = h(
      "div",
      {class: "list-head"},
      h("h1", {class: "unseen"}, "Inbox"),
      h("div", {class: "search"}, icon("search", 15), this.search, this.toggle),
      this.write,
      this.panel,
      this.views,
      this.chips,
    )
    this.element = h("nav", {class: "list", "aria-label": "Conversations"}, this.head, this.bar, this.rows, this.foot)
    this.toggle.addEventListener("click", () => {
      this.panel.hidden = !this.panel.hidden
      this.toggle.setAttribute("aria-expanded", String(!this.panel.hidden))
    })
    let typing = 0
    this.search.addEventListener("input", () => {
      clearTimeout(typing)
      typing = setTimeout(() => this.does.show({search: this.search.value}), 300)
    })
  }

  draw(list) {
    this.list = list
    this.write.hidden = !this.does.mayWrite()
    const shown = new Set(list.rows.map((row) => row.id))
    if (!this.pickedAll) {
      this.picked = new Set([...this.picked].filter((id) => shown.has(id)))
    }
    const focused = this.rows.getRootNode().activeElement?.closest?.(".line")?.dataset.id
    const wasPicking = this.rows.getRootNode().activeElement?.type === "checkbox"
    this.drawFilters()
    fill(this.views, drawViews(list, this.does.show))
    fill(this.rows, list.rows.length ? list.rows.map((row) => this.drawLine(row)) : drawEmptyList(list, this.does.show))
    this.drawFoot()
    this.drawBar()
    if (focused) {
      this.line(focused)
        ?.querySelector(wasPicking ? "input" : ".row")
        ?.focus({preventScroll: true})
    }
  }

  drawFilters() {
    const {list, does} = this
    const change = (changed) => does.show({filters: {...list.filters, ...changed}})
    const words = filterWords(list.filters, does.sides(), does.me())
    keepingPlace(this.panel, () => fill(this.panel, drawFilterPanel(list, this.said(), change, does.show)))
    this.toggle.textContent = words.length ? `Filter (${words.length})` : "Filter"
    const remove = (name) => change({[name]: TICKED.includes(name) ? false : null})
    fill(
      this.chips,
      words.map(([name, text]) =>
        h(
          "span",
          {class: "chip"},
          text,
          h(
            "button",
            {type: "button", "aria-label": `Remove the filter ${text}`, onclick: () => remove(name)},
            icon("close", 12),
          ),
        ),
      ),
    )
  }

  said() {
    return {sides: this.does.sides(), me: this.does.me(), teams: this.does.teams()}
  }

  drawLine(row) {
    const box = this.does.mayAct()
      ? h("input", {
          type: "checkbox",
          "aria-label": `Select ${row.who}`,
          checked: this.isPicked(row.id),
          onclick: (event) => this.pick(row.id, event.target.checked, event.shiftKey),
        })
      : null
    return h("div", {class: "line", "data-id": row.id}, box, drawRow(row, this.opened, this.does.open, this.list.gone))
  }

  // Says at a conversation's line whether the reader has a draft for it.
  noteDraft(id, hasDraft) {
    const row = this.list?.rows.find((each) => each.id === id)
    const line = this.line(id)
    if (!row || !line || row.draft === hasDraft) {
      return
    }
    row.draft = hasDraft
    const hadFocus = line.contains(this.rows.getRootNode().activeElement)
    const drawn = this.drawLine(row)
    line.replaceWith(drawn)
    if (hadFocus) {
      drawn.querySelector(".row").focus({preventScroll: true})
    }
  }

  line(id) {
    return [...this.rows.querySelectorAll(".line")].find((line) => line.dataset.id === id)
  }

  mark(opened) {
    this.opened = opened || ""
    for (const row of this.rows.querySelectorAll(".row")) {
      row.setAttribute("aria-current", String(row.dataset.id === this.opened))
    }
  }

  isPicked(id) {
    return Boolean(this.pickedAll) || this.picked.has(id)
  }

  // With the shift key, everything between this one and the one before.
  pick(id, on, isRange = false) {
    if (this.element.getAttribute("aria-busy") === "true") {
      // Another list is on its way, and what is picked of this one would be lost.
      this.drawPicked()
      return
    }
    const ids = this.list.rows.map((row) => row.id)
    if (this.pickedAll) {
      this.pickedAll = 0
      this.picked = new Set(ids)
    }
    const from = ids.indexOf(this.anchor)
    const at = ids.indexOf(id)
    const range = isRange && from >= 0 ? ids.slice(Math.min(from, at), Math.max(from, at) + 1) : [id]
    for (const each of range) {
      this.picked[on ? "add" : "delete"](each)
    }
    this.anchor = id
    this.drawPicked()
  }

  pickShown() {
    this.pickedAll = 0
    this.picked = new Set(this.list.rows.map((row) => row.id))
    this.drawPicked()
  }

  pickEverything() {
    this.pickedAll = this.list.total
    this.drawPicked()
  }

  pickNothing() {
    this.pickedAll = 0
    this.picked.clear()
    this.drawPicked()
  }

  drawPicked() {
    for (const line of this.rows.querySelectorAll(".line")) {
      const box = line.querySelector("input")
      if (box) {
        box.checked = this.isPicked(line.dataset.id)
      }
    }
    keepingPlace(this.bar, () => this.drawBar())
  }

  drawBar() {
    const number = this.pickedAll || this.picked.size
    this.bar.hidden = !number
    if (!number) {
      fill(this.bar)
      return
    }
    const {list, does} = this
    const button = (label, act) => h("button", {class: "quiet", type: "button", onclick: act}, label)
    const more = !this.pickedAll && list.total > list.rows.length && this.picked.size === list.rows.length
    fill(
      this.bar,
      h("b", {}, `${counted(number)} selected`),
      this.picked.size < list.rows.length && !this.pickedAll
        ? h("button", {class: "link", type: "button", onclick: () => this.pickShown()}, "Select all shown")
        : null,
      more
        ? h(
            "button",
            {class: "link", type: "button", onclick: () => this.pickEverything()},
            `Select all ${counted(list.total)}`,
          )
        : null,
      h("button", {class: "link", type: "button", onclick: () => this.pickNothing()}, "Clear"),
      h(
        "span",
        {class: "bulk-acts"},
        button("Resolve", () => does.act("resolve")),
        button("Assign", () => does.act("assign")),
        button("Label", () => does.act("label")),
        button("Snooze", () => does.act("snooze")),
      ),
    )
  }

  // What a decision is about: what is picked, else the line with the focus; null for neither.
  chosen(target) {
    if (this.pickedAll) {
      return {all: this.pickedAll}
    }
    const conversations = this.picked.size ? [...this.picked] : [target?.closest?.(".line")?.dataset.id]
    return conversations[0] ? {conversations} : null
  }

  // Moves the focus by so many lines, from the line with the focus or the open conversation.
  move(by, target) {
    const ids = this.list?.rows.map((row) => row.id) || []
    const at = ids.indexOf(target?.closest?.(".line")?.dataset.id || this.opened)
    const id = ids[at < 0 ? 0 : Math.min(Math.max(at + by, 0), ids.length - 1)]
    const row = this.line(id)?.querySelector(".row")
    row?.focus()
    row?.scrollIntoView({block: "nearest"})
    return Boolean(row)
  }

  // The id of the conversation after this one; that of the one before at the end of the list.
  after(id) {
    const ids = this.list?.rows.map((row) => row.id) || []
    const at = ids.indexOf(id)
    return at < 0 ? ids[0] : ids[at + 1] || ids[at - 1] || ""
  }

  drawFoot() {
    const {list, does} = this
    const more = list.total - list.rows.length
    const canGrow = list.rows.length < MOST_ROWS
    const limit = Math.min(list.rows.length + MORE_ROWS, MOST_ROWS)
    const isOlder = list.filters.waits === "older"
    fill(
      this.foot,
      h("span", {}, ORDERS[list.order]),
      more > 0
        ? h(
            "button",
            {class: "link", type: "button", onclick: () => does.show({limit})},
            canGrow ? `${counted(more)} more` : `${counted(more)} more: search to find them`,
          )
        : null,
      list.view === "waiting" && list.filters.waits === "recent" && list.older
        ? h(
            "button",
            {
              class: "link",
              type: "button",
              onclick: () => does.show({filters: {...list.filters, waits: "older"}}),
            },
            `${counted(list.older)} waiting for over 7 days`,
          )
        : null,
      list.view === "waiting" && isOlder
        ? h(
            "button",
            {class: "link", type: "button", onclick: () => does.show({filters: {...list.filters, waits: "recent"}})},
            "Last 7 days",
          )
        : null,
      list.view === "waiting" && isOlder && list.total && does.mayAct()
        ? h(
            "button",
            {
              class: "link",
              type: "button",
              onclick: () => {
                this.pickEverything()
                does.act("resolve")
              },
            },
            `Resolve all ${counted(list.total)}`,
          )
        : null,
    )
  }
}

function drawViews(list, show) {
  const counts = {...list.counts}
  if (list.filters.waits === "recent") {
    counts.waiting -= list.older
  }
  return Object.entries(VIEWS).map(([name, label]) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(list.view === name),
        "data-view": name,
        onclick: () => show({view: name}),
      },
      label,
      h("span", {}, counted(counts[name])),
    ),
  )
}

function drawEmptyList(list, show) {
  const isNarrow = Object.keys(list.filters).some((name) => name !== "waits" || list.filters.waits !== "recent")
  if (list.search || isNarrow) {
    const text = list.search
      ? `No conversation in “${VIEWS[list.view]}” has that in a text, name, label, note, number or SID.`
      : `No conversation in “${VIEWS[list.view]}” passes the filters.`
    return h("div", {class: "empty"}, h("b", {}, "Nothing found"), h("p", {}, text), drawElsewhere(list, VIEWS, show))
  }
  const [title, text] =
    list.view === "waiting" && list.older
      ? ["Nobody from the last 7 days is waiting", `${counted(list.older)} have been waiting for longer; see below.`]
      : EMPTY_VIEWS[list.view]
  return h("div", {class: "empty"}, h("b", {}, title), h("p", {}, text))
}

function ownerChip(name, isGone) {
  return isGone
    ? h("span", {class: "chip wait", title: "They cannot sign in any more: assign it anew"}, `${name}, no longer here`)
    : h("span", {class: "chip good"}, name)
}

function drawRow(row, opened, open, gone) {
  const chips = [
    row.draft ? h("span", {class: "chip draft"}, "draft") : null,
    row.reopened ? h("span", {class: "chip"}, "reopened") : null,
    row.snoozed?.day ? h("span", {class: "chip"}, `until ${row.snoozed.day}, ${row.snoozed.clock}`) : null,
    row.assignee ? ownerChip(row.assignee, gone.includes(row.assignee)) : null,
    row.labels.map((label) => h("span", {class: "chip"}, label)),
  ]
  const before = row.failed ? "Not delivered: " : row.mine ? "You: " : ""
  return h(
    "button",
    {
      class: "row",
      type: "button",
      "data-id": row.id,
      "aria-current": String(row.id === opened),
      onclick: (event) => open(row.id, row.who, event.detail === 0),
    },
    h("span", {class: "row-top"}, h("b", {}, row.who), h("time", {}, row.at)),
    h(
      "span",
      {class: "row-line"},
      row.hit
        ? drawHit(row.hit)
        : h("span", {class: row.failed ? "preview failed" : "preview", dir: "auto"}, `${before}${row.preview}`),
      row.waiting
        ? h("span", {class: "chip wait", title: "How long they have been waiting for an answer"}, row.waiting)
        : null,
    ),
    present(chips).length ? h("span", {class: "chips"}, chips) : null,
  )
}
