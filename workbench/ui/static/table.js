function cellElement(cell, column, link = null) {
  const text = h("span", {class: cell.muted ? "muted" : null}, cell.text)
  return h(
    "td",
    {class: column.kind === "number" ? "number" : null, "data-label": column.label},
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

function copyButton(text) {
  const button = h("button", {class: "quiet", type: "button"}, "Copy text")
  button.onclick = async () => {
    await navigator.clipboard.writeText(text)
    button.textContent = "Copied"
  }
  return button
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

export function render({model, view}) {
  const root = h("section", {class: "panel"})
  const opened = new Set()
  const toggle = (key) => {
    opened.has(key) ? opened.delete(key) : opened.add(key)
    draw()
    root.querySelector(`tr[data-key="${CSS.escape(key)}"] button`)?.focus()
  }
  const draw = () => keepingPlace(root, paint)
  const paint = () => {
    const head = panelHead(model, root)
    if (model.state !== "ok") {
      fill(root, head, placeholder(model))
      return
    }
    const rows = model.rows.map((row) => rowElements({...row, open: opened.has(row.key)}, model, toggle))
    fill(
      root,
      head,
      h(
        "div",
        {class: "scroll"},
        h(
          "table",
          {class: isWordy(model) ? "wordy" : null},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              model.columns.map((column) =>
                h("th", {scope: "col", class: column.kind === "number" ? "number" : null}, column.label),
              ),
            ),
          ),
          h("tbody", {}, rows),
        ),
      ),
      model.footnote ? h("p", {class: "footnote"}, withCode(model.footnote)) : null,
    )
  }
  draw()
  model.on(["rows", "state", "message", "columns", "footnote", "subtitle", "definition", "links"], draw)
  followTheme(model, view, root, () => {})
  hideStale(model, root)
  return root
}
