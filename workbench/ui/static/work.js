// What the panels in which people act have in common: a notice, the way to more lines, a form in a dialog.

function workNotice(model) {
  const {text, is_error: isError} = model.notice
  if (!text) {
    return null
  }
  return h("p", {class: isError ? "notice failed" : "notice", role: isError ? "alert" : "status"}, withCode(text))
}

function workMore(model, step, choose) {
  const rest = model.total - model.rows.length
  if (rest <= 0) {
    return null
  }
  return h(
    "p",
    {class: "footnote"},
    h(
      "button",
      {class: "quiet", type: "button", onclick: () => choose(Math.min(model.limit + step, 500))},
      "Show more",
    ),
    h("span", {}, ` ${counted(rest)} more`),
  )
}

// Links of a line to its message and its conversation; on a page only.
function workLinks(row, model) {
  if (!model.links.csv) {
    return null
  }
  return h(
    "span",
    {class: "line-links"},
    row.message ? h("a", {href: row.message}, "Message") : null,
    row.conversation ? h("a", {href: row.conversation}, "Conversation") : null,
  )
}

// The panel drawn again on every change of its props; what opens stays open, by the key of its line.
function workPanel({model, view}, props, body) {
  const root = h("section", {class: "panel"})
  const opened = new Set()
  const toggle = (key) => {
    opened.has(key) ? opened.delete(key) : opened.add(key)
    draw()
  }
  const paint = () => {
    const head = panelHead({...plain(model), links: {...model.links, rows: ""}}, root)
    const isDrawn = model.state === "ok"
    fill(root, head, workNotice(model), isDrawn ? body({root, opened, toggle}) : placeholder(model))
  }
  const draw = () => keepingPlace(root, paint)
  draw()
  model.on(["rows", "notice", "total", "limit", "state", "message", "subtitle", "definition", "links", ...props], draw)
  followTheme(model, view, root, () => {})
  return root
}

function plain(model) {
  return {title: model.title, subtitle: model.subtitle, definition: model.definition}
}

// A dialog with a form; `send` gets the values by field and the dialog closes.
function openForm(root, title, fields, submit, send) {
  const form = h(
    "form",
    {class: "work-form", method: "dialog"},
    fields.map((field) =>
      h("label", {}, h("span", {}, field.label), field.input, field.hint ? h("small", {}, field.hint) : null),
    ),
    h("div", {class: "form-foot"}, h("button", {class: "primary", type: "submit"}, submit)),
  )
  form.addEventListener("submit", () => {
    send(Object.fromEntries(fields.map((field) => [field.name, field.input.value.trim()])))
  })
  openDialog(root, title, title, "", form)
  fields[0].input.focus()
}

function formField(name, label, attributes = {}, hint = "") {
  return {name, label, hint, input: h("input", {type: "text", maxlength: 200, ...attributes})}
}

function formChoice(name, label, options) {
  const input = h(
    "select",
    {},
    options.map(([value, text]) => h("option", {value}, text)),
  )
  return {name, label, input}
}
