// Letters of a cell's text that needs room beside the first column, which else takes all of it.
const LONG_TEXT = 24

function cellElement(cell, column, link = null) {
  const name = column.kind === "country" ? countryName(cell.text) : cell.text
  const text = h("span", {class: cell.muted ? "muted" : null}, name)
  const isSentence = column.kind !== "number" && [name, ...(cell.more || [])].some((line) => line.length > LONG_TEXT)
  return h(
    "td",
    {class: column.kind === "number" ? "number" : isSentence ? "sentence" : null, "data-label": column.label},
    link ? h("a", {class: "behind", href: link, title: "Show these messages"}, text) : text,
    (cell.more || []).map((text) => h("span", {class: "more"}, text)),
    cell.note ? h("span", {class: "note"}, cell.note) : null,
  )
}

function barElement(share, color) {
  const bar = h("span", {class: "bar", "aria-hidden": "true"}, h("i", {}))
  bar.firstChild.style.width = `${(share * 100).toFixed(1)}%`
  bar.firstChild.style.background = `var(--wb-${color || "accent"})`
  return bar
}

function rowElements(row, model, toggle) {
  const [first, ...rest] = row.cells,
    [naming, ...columns] = model.columns
  const name = naming.kind === "country" ? countryName(first.text) : first.text
  const words = [first.code ? h("code", {}, first.code) : null, h("span", {class: first.muted ? "muted" : null}, name)]
  let label = h("span", {class: "row-name"}, words)
  if (row.detail || row.explanation) {
    label = h(
      "button",
      {
        type: "button",
        class: "row-name",
        title: row.hint,
        "aria-expanded": String(row.open),
        onclick: () => toggle(row.key),
      },
      h("span", {class: row.open ? "chevron open" : "chevron"}, icon("chevron", 13)),
      words,
    )
  } else if (model.clickable) {
    label = h(
      "button",
      {
        type: "button",
        class: "row-name",
        title: row.hint,
        "aria-pressed": String(Boolean(row.chosen)),
        onclick: () => model.send_msg({asked: ask(model), click: {key: row.key}}),
      },
      words,
    )
  }
  const line = h(
    "tr",
    {class: row.chosen ? "chosen" : null, "data-key": row.key},
    h(
      "th",
      {scope: "row"},
      label,
      row.page && model.links.csv
        ? h("a", {class: "page", href: row.page, "aria-label": `Open ${name}`}, "Open")
        : null,
      first.note ? h("span", {class: "note"}, first.note) : null,
      first.bar === undefined ? null : barElement(first.bar, naming.color),
    ),
    rest.map((cell, index) => cellElement(cell, columns[index], index === 0 && model.links.csv ? row.link : null)),
  )
  if (!row.open || !(row.detail || row.explanation)) {
    return [line]
  }
  const shown = row.explanation
    ? h("div", {class: "explained"}, codeBody(row.explanation, Boolean(model.links.csv)))
    : h(
        "dl",
        {},
        row.detail.map(([term, text, copy]) => [
          h("dt", {}, term),
          h("dd", {}, withLinks(text), copy ? copyButton(text) : null),
        ]),
      )
  return [line, h("tr", {class: "detail"}, h("td", {colspan: model.columns.length}, shown))]
}

// A phone has no room for many columns beside a long name: there such a table puts them below it.
function isWordy(model) {
  const heads = model.columns.reduce((sum, column) => sum + column.label.length, 0)
  return model.columns.length > 4 || heads > 36 || model.rows.some((row) => row.cells[0].text.length > 22)
}

// What a cell says, in one line.
function cellText(cell, column) {
  const name = column.kind === "country" ? countryName(cell.text) : cell.text
  return [cell.code, name, ...(cell.more || [])].filter(Boolean).join(" ").replace(/\s+/g, " ")
}

// Where one of two numbers is empty: that one comes last, in both orders.
function emptyLast(column, first, second) {
  const isEmpty = (cell) => column.kind === "number" && cell.value === undefined
  return isEmpty(first) || isEmpty(second) ? isEmpty(first) - isEmpty(second) : null
}

function sortedRows(rows, columns, sort) {
  if (!sort) {
    return rows
  }
  const column = columns[sort.at]
  return [...rows].sort((one, other) => {
    const [first, second] = [one.cells[sort.at], other.cells[sort.at]]
    const empty = emptyLast(column, first, second)
    if (empty !== null) {
      return empty
    }
    const order =
      column.kind === "number"
        ? first.value - second.value
        : cellText(first, column).localeCompare(cellText(second, column), "en", {numeric: true})
    return sort.isDown ? -order : order
  })
}

function matchingRows(rows, columns, words) {
  const wanted = words.trim().toLowerCase()
  const text = (row) => row.cells.map((cell, index) => `${cellText(cell, columns[index])} ${cell.note || ""}`).join(" ")
  return wanted ? rows.filter((row) => text(row).toLowerCase().includes(wanted)) : rows
}

// A spreadsheet runs a text that begins like a formula.
function pasted(text) {
  return /^[=@]|^[+-](?![\d ().]*$)/.test(text) ? `'${text}` : text
}

function tabbed(rows, columns) {
  const lines = [columns.map((column) => column.label)]
  for (const row of rows) {
    lines.push(row.cells.map((cell, index) => pasted(cellText(cell, columns[index]))))
  }
  return lines.map((line) => line.join("\t")).join("\n")
}

// First the order that one wants first: the largest number, the first word; then the other; then as it came.
function nextSort(sort, at, column) {
  const begins = column.kind === "number"
  if (sort?.at !== at) {
    return {at, isDown: begins}
  }
  return sort.isDown === begins ? {at, isDown: !begins} : null
}

function columnHead(column, at, sort, choose) {
  const isSorted = sort?.at === at
  return h(
    "th",
    {
      scope: "col",
      class: column.kind === "number" ? "number" : null,
      "aria-sort": isSorted ? (sort.isDown ? "descending" : "ascending") : "none",
    },
    h(
      "button",
      {type: "button", class: "sort", title: `Sort by ${column.label.toLowerCase()}`, onclick: () => choose(at)},
      column.label,
      isSorted ? icon(sort.isDown ? "down" : "up", 11) : null,
    ),
  )
}

class TablePanel {
  constructor(model, view) {
    this.model = model
    this.opened = new Set()
    this.sort = null
    this.isWhole = false
    this.said = h("span", {class: "said", role: "status"})
    // Never drawn again, so that typing goes on while answers come.
    this.search = h("input", {
      type: "search",
      placeholder: "Search in this table",
      "aria-label": `Search in ${model.title}`,
      oninput: () => this.draw(),
    })
    this.searchBox = h("label", {class: "search"}, icon("search", 14), this.search)
    this.head = h("div", {})
    this.tabs = h("div", {class: "tabs", role: "group", "aria-label": "What to rank", hidden: true})
    this.body = h("div", {class: "table-body"})
    this.root = h("section", {class: "panel"}, this.head, this.tabs, this.searchBox, this.body, this.said)
    this.body.addEventListener("dblclick", (event) => this.copyCell(event))
    this.draw()
    const props = [
      "rows",
      "tabs",
      "state",
      "message",
      "columns",
      "footnote",
      "subtitle",
      "definition",
      "links",
      "first",
      "rest",
    ]
    model.on(props, () => this.draw())
    followTheme(model, view, this.root, () => {})
  }

  draw() {
    keepingPlace(this.root, () => this.paint())
  }

  rows() {
    const {rows, columns} = this.model
    const sort = this.sort && this.sort.at < columns.length ? this.sort : null
    return sortedRows(matchingRows(rows, columns, this.search.value), columns, sort)
  }

  paint() {
    const {model} = this
    const isOk = model.state === "ok"
    const copy = isOk ? h("button", {type: "button", onclick: () => this.copyTable()}, "Copy table") : null
    fill(this.head, panelHead(model, this.root, copy))
    this.tabs.hidden = !model.tabs.length
    fill(
      this.tabs,
      model.tabs.map((tab) => this.tabButton(tab)),
    )
    this.searchBox.hidden = !isOk || !model.first || model.rows.length <= model.first
    if (!isOk) {
      fill(this.body, placeholder(model))
      return
    }
    const rows = this.rows()
    const isCut = model.first && !this.isWhole && !this.search.value.trim() && rows.length > model.first
    fill(
      this.body,
      this.table(isCut ? rows.slice(0, model.first) : rows),
      rows.length ? null : h("p", {class: "footnote"}, "Nothing in this table matches."),
      this.moreButton(rows, isCut),
      model.footnote ? h("p", {class: "footnote"}, withCode(model.footnote)) : null,
    )
  }

  tabButton(tab) {
    const {model} = this
    const show = () => model.send_msg({asked: ask(model), kind: tab.kind})
    return h("button", {type: "button", "aria-pressed": String(tab.chosen), onclick: show}, tab.label)
  }

  table(rows) {
    const {model, opened} = this
    const heads = model.columns.map((column, at) => columnHead(column, at, this.sort, (chosen) => this.choose(chosen)))
    const lines = rows.map((row) => rowElements({...row, open: opened.has(row.key)}, model, (key) => this.toggle(key)))
    const table = h("table", {class: isWordy(model) ? "wordy" : null}, h("thead", {}, h("tr", {}, heads)))
    table.append(h("tbody", {}, ...lines.flat()))
    return h("div", {class: "scroll"}, table)
  }

  moreButton(rows, isCut) {
    const {model} = this
    if (!model.first || rows.length <= model.first || this.search.value.trim()) {
      return null
    }
    const flip = () => {
      this.isWhole = !this.isWhole
      this.draw()
    }
    const label = isCut ? `Show all ${rows.length.toLocaleString("en")}` : "Show fewer"
    return h(
      "p",
      {class: "footnote whole"},
      h("button", {type: "button", class: "quiet", "aria-expanded": String(!isCut), onclick: flip}, label),
      isCut && !this.sort ? h("span", {}, model.rest) : null,
    )
  }

  choose(at) {
    this.sort = nextSort(this.sort, at, this.model.columns[at])
    this.draw()
  }

  toggle(key) {
    this.opened.has(key) ? this.opened.delete(key) : this.opened.add(key)
    this.draw()
    this.root.querySelector(`tr[data-key="${CSS.escape(key)}"] button`)?.focus()
  }

  async copyTable() {
    const rows = this.rows()
    await navigator.clipboard.writeText(tabbed(rows, this.model.columns))
    this.say(`${rows.length.toLocaleString("en")} rows copied`)
  }

  async copyCell(event) {
    const cell = event.target.closest("td, th")
    const line = cell?.closest("tr[data-key]")
    const row = line && this.model.rows.find((each) => each.key === line.dataset.key)
    if (!row || event.target.closest("a, button")) {
      return
    }
    const at = [...line.children].indexOf(cell)
    await navigator.clipboard.writeText(cellText(row.cells[at], this.model.columns[at]))
    this.say("Copied")
  }

  say(text) {
    this.said.textContent = text
    setTimeout(() => {
      this.said.textContent = ""
    }, 2500)
  }
}

export function render({model, view}) {
  const {root} = new TablePanel(model, view)
  hideStale(model, root)
  return root
}
