function blockedBar(root, model, choose) {
  const search = h("input", {
    type: "search",
    value: model.search || null,
    placeholder: "Number, scope, source or evidence",
    title: "A whole number is looked up, which the audit trail records",
    "aria-label": "Search the do-not-contact list",
    onchange: () => choose({search: search.value}),
  })
  const button = (label, kind) =>
    h("button", {class: "quiet", type: "button", onclick: () => askForConsent(root, label, kind, model)}, label)
  return h(
    "div",
    {class: "work-bar"},
    search,
    model.may_record ? [button("Add to the list", "opt-out"), button("Record an opt-in", "opt-in")] : null,
  )
}

function askForConsent(root, title, kind, model) {
  const isOptIn = kind === "opt-in"
  const fields = [
    formField("address", "Number", {required: true, placeholder: "+1 415 555 0123", autocomplete: "off"}),
    formField("scope", "Of", {required: true, value: "*"}, "* is everything; or a sender, a service MG…, topic:NAME"),
    formField("source", "How they said it", {required: true, placeholder: "Phone call, web form, paper form"}),
    formField("date", "When they said it", {type: "datetime-local", required: isOptIn}, isOptIn ? "" : "Empty: now"),
    formField(
      "evidence",
      "Proof",
      {maxlength: 2000, required: isOptIn},
      "The words, or where the file or recording is",
    ),
    formField("wording_version", "Wording they agreed to", {placeholder: "terms 2026-01"}),
  ]
  const shown = isOptIn ? fields : fields.slice(0, 5)
  openForm(root, title, shown, isOptIn ? "Record" : "Add", (values) =>
    model.send_msg({record: {wording_version: "", ...values, kind}}),
  )
}

function askForRemoval(root, row, model) {
  const because = formField("because", "Reason", {required: true, minlength: 3, maxlength: 500})
  openForm(root, `Remove ${row.contact} (${row.scope})?`, [because], "Remove from the list", (values) =>
    model.send_msg({remove: {id: row.id, because: values.because}}),
  )
}

function blockedLine(root, row, model) {
  return h(
    "li",
    {class: "line", "data-key": row.id},
    h(
      "div",
      {class: "line-head"},
      h("b", {}, row.contact),
      h("span", {class: "place"}, row.scope),
      h("span", {class: "local"}, `since ${row.since}`),
    ),
    h(
      "p",
      {class: "line-note"},
      row.source,
      row.by ? `, by ${row.by}` : null,
      row.evidence ? `: ${row.evidence}` : null,
      row.fixed ? `. ${row.fixed}` : null,
    ),
    h("div", {class: "line-foot"}, removeButton(root, row, model), workLinks(row, model)),
  )
}

function removeButton(root, row, model) {
  if (row.fixed) {
    return null
  }
  if (!model.may_remove) {
    return h("span", {class: "line-note"}, "Only an admin may remove it.")
  }
  const remove = () => askForRemoval(root, row, model)
  const label = `Remove ${row.contact} of ${row.scope}`
  return h("button", {class: "quiet", type: "button", "aria-label": label, onclick: remove}, "Remove …")
}

export function render(context) {
  const {model} = context
  const choose = (choice) => model.send_msg({choose: choice})
  return workPanel(context, ["search", "may_record", "may_remove"], ({root}) => [
    blockedBar(root, model, choose),
    model.rows.length
      ? h(
          "ul",
          {class: "lines"},
          model.rows.map((row) => blockedLine(root, row, model)),
        )
      : h("div", {class: "blank", role: "status"}, h("p", {}, model.message)),
    workMore(model, 25, (limit) => choose({search: model.search, limit})),
  ])
}
