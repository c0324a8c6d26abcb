const LOOK_AFTER_MS = 400

function sortHead(column, model) {
  if (!column.sort) {
    return h("th", {scope: "col"}, column.label)
  }
  const down = model.sort === `-${column.sort}`,
    up = model.sort === column.sort
  const number = ["segments", "spend"].includes(column.sort)
  return h(
    "th",
    {scope: "col", class: number ? "number" : null, "aria-sort": down ? "descending" : up ? "ascending" : "none"},
    h(
      "button",
      {
        type: "button",
        class: "sort",
        title: `Sort by ${column.label.toLowerCase()}`,
        onclick: () => model.send_msg({row_list: {sort: [down ? column.sort : `-${column.sort}`]}}),
      },
      column.label,
      down || up ? icon(down ? "down" : "up", 12) : null,
    ),
  )
}

function messageHref(sid) {
  const query = new URLSearchParams(location.search)
  query.set("message", sid)
  return `?${query}`
}

function opening(model, sid) {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) {
      return
    }
    event.preventDefault()
    model.send_msg({row_list: {message: [sid]}})
  }
}

function address(text) {
  const [, channel, name] = text.match(/^([a-z]+):(.+)$/) || [null, null, text]
  return [name, channel ? h("span", {class: "channel"}, channel) : null]
}

function rowElement(row, model) {
  const away = row.is_inbound ? "in" : "out"
  const line = h(
    "tr",
    {"data-sid": row.sid},
    h("td", {class: "time"}, h("a", {href: messageHref(row.sid), onclick: opening(model, row.sid)}, row.date_created)),
    h("td", {class: "way", title: row.direction}, h("span", {class: `way-mark ${away}`}, away)),
    h(
      "td",
      {class: "address"},
      address(row.contact),
      row.country ? h("span", {class: "country", title: countryName(row.country)}, row.country) : null,
    ),
    h("td", {class: "address from"}, address(row.sender)),
    h(
      "td",
      {class: row.has_text ? "text" : "text muted"},
      h(
        "div",
        {},
        row.media ? h("span", {class: "clip", title: `${row.media} attached`}, icon("clip", 13)) : null,
        row.text,
      ),
    ),
    h(
      "td",
      {class: "status"},
      h("span", {class: "dot", style: `background: var(--wb-${row.outcome})`}),
      row.status,
      model.codes[row.error_code] ? h("span", {class: "reason"}, codeButton(model.codes[row.error_code])) : null,
    ),
    h("td", {class: "number"}, row.segments),
    h("td", {class: "number"}, row.price),
  )
  line.addEventListener("click", (event) => {
    if (!event.target.closest("a") && !getSelection().toString()) {
      model.send_msg({row_list: {message: [row.sid]}})
    }
  })
  return line
}

function pager(model) {
  const size = model.rows.length,
    first = size ? (model.page - 1) * 50 + 1 : 0
  const button = (label, page, allowed, name) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        disabled: !allowed,
        onclick: () => model.send_msg({row_list: {page: [String(page)]}}),
      },
      name === "back" ? icon("back", 13) : null,
      label,
      name === "next" ? icon("chevron", 13) : null,
    )
  return h(
    "footer",
    {class: "pager"},
    h(
      "span",
      {role: "status"},
      `${first.toLocaleString("en")}–${(first + size - 1).toLocaleString("en")} of ${model.total.toLocaleString("en")}`,
    ),
    h(
      "span",
      {class: "pages"},
      button("First", 1, model.page > 1),
      button("Previous", model.page - 1, model.page > 1, "back"),
      h("span", {}, `Page ${model.page.toLocaleString("en")} of ${model.pages.toLocaleString("en")}`),
      button("Next", model.page + 1, model.page < model.pages, "next"),
      button("Last", model.pages, model.page < model.pages),
    ),
  )
}

export function render({model, view}) {
  const root = h("section", {class: "panel"})
  let waiting = null
  const look = () => {
    clearTimeout(waiting)
    if (search.value.trim() !== model.search) {
      model.send_msg({asked: ask(model), row_list: {q: [search.value.trim()]}})
    }
  }
  // Never drawn again, so that typing goes on while answers come.
  const search = h("input", {
    type: "search",
    placeholder: "Number, SID or words of the text",
    title: "A number is found whole, or by the digits of it that are shown",
    "aria-label": "Search messages",
    value: model.search,
    oninput: () => {
      clearTimeout(waiting)
      waiting = setTimeout(look, LOOK_AFTER_MS)
    },
  })
  const form = h(
    "form",
    {
      class: "look",
      role: "search",
      onsubmit: (event) => {
        event.preventDefault()
        look()
      },
    },
    icon("search", 15),
    search,
  )
  const body = h("div", {})
  const draw = () =>
    keepingPlace(root, () => {
      if (root.getRootNode().activeElement !== search) {
        search.value = model.search
      }
      const head = panelHead(model, root)
      const old = root.querySelector(".panel-head")
      old ? old.replaceWith(head) : root.prepend(head)
      if (model.state !== "ok") {
        fill(body, placeholder(model))
        return
      }
      fill(
        body,
        h(
          "div",
          {class: "scroll"},
          h(
            "table",
            {},
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                model.columns.map((column) => sortHead(column, model)),
              ),
            ),
            h(
              "tbody",
              {},
              model.rows.map((row) => rowElement(row, model)),
            ),
          ),
        ),
        pager(model),
      )
    })
  root.append(form, body)
  draw()
  model.on(["rows", "state", "message", "sort", "page", "total", "search", "definition", "links", "codes"], draw)
  followTheme(model, view, root, () => {})
  hideStale(model, root)
  return root
}
