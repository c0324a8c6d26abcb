// The list of conversations: views with their counts, one line for each conversation, and what is beyond them.

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

// The list's elements; `show` asks for another list, `open` opens a conversation.
function conversationList({show, open}) {
  const search = h("input", {
    type: "search",
    placeholder: "Text, name, number or SID",
    title: "A number is found whole, or by the digits of it that are shown",
    "aria-label": "Search conversations",
  })
  const views = h("div", {class: "views", role: "group", "aria-label": "Which conversations"})
  const rows = h("div", {class: "rows"}),
    foot = h("div", {class: "list-foot"})
  const element = h(
    "nav",
    {class: "list", "aria-label": "Conversations"},
    h("div", {class: "list-head"}, h("div", {class: "search"}, icon("search", 15), search), views),
    rows,
    foot,
  )
  let typing = 0
  search.addEventListener("input", () => {
    clearTimeout(typing)
    typing = setTimeout(() => show({search: search.value}), 300)
  })
  return {
    element,
    search,
    rows,
    draw(list, opened) {
      fill(views, drawViews(list, show))
      fill(rows, list.rows.length ? list.rows.map((row) => drawRow(row, opened, open)) : drawEmptyList(list, show))
      fill(foot, drawListFoot(list, show))
    },
    mark(opened) {
      for (const line of rows.querySelectorAll(".row")) {
        line.setAttribute("aria-current", String(line.dataset.id === opened))
      }
    },
  }
}

function drawViews(list, show) {
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
      h("span", {}, counted(list.counts[name])),
    ),
  )
}

function drawListFoot(list, show) {
  const more = list.total - list.rows.length
  const canGrow = list.rows.length < MOST_ROWS
  const limit = Math.min(list.rows.length + MORE_ROWS, MOST_ROWS)
  return [
    h("span", {}, list.view === "waiting" ? "Longest wait first" : "Newest first"),
    more > 0
      ? h(
          "button",
          {class: "link", type: "button", onclick: () => show({limit})},
          canGrow ? `${counted(more)} more` : `${counted(more)} more: search to find them`,
        )
      : null,
  ]
}

function drawEmptyList(list, show) {
  const [title, text] = list.search
    ? [
        "Nothing found",
        `No conversation in “${VIEWS[list.view]}” has that in a text, name, label, note, number or SID.`,
      ]
    : EMPTY_VIEWS[list.view]
  return h("div", {class: "empty"}, h("b", {}, title), h("p", {}, text), drawElsewhere(list, VIEWS, show))
}

function drawRow(row, opened, open) {
  const chips = [
    row.reopened ? h("span", {class: "chip"}, "reopened") : null,
    row.snoozed?.day ? h("span", {class: "chip"}, `until ${row.snoozed.day}, ${row.snoozed.clock}`) : null,
    row.assignee ? h("span", {class: "chip good"}, row.assignee) : null,
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
      onclick: () => open(row.id),
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
