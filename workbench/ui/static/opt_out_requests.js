const REQUEST_VIEWS = {waiting: "Waiting", "opt-out": "Opt-outs", "not-opt-out": "Not opt-outs", all: "All"}

function requestViews(model, choose) {
  return h(
    "div",
    {class: "work-bar tabs", role: "group", "aria-label": "Which requests"},
    Object.entries(REQUEST_VIEWS).map(([view, label]) =>
      h(
        "button",
        {type: "button", "aria-pressed": String(model.view === view), onclick: () => choose({view})},
        label,
        h("span", {}, counted(model.counts[view])),
      ),
    ),
  )
}

function askForDecision(root, row, decision, model) {
  const isOptOut = decision === "opt-out"
  const reach = formChoice("reach", "Opted out of", [
    ["sender", `What they wrote to: ${row.sender}`],
    ["everything", "Everything that we send"],
  ])
  const note = formField("note", "Reason", {maxlength: 500, placeholder: "For whoever asks later"})
  openForm(
    root,
    isOptOut ? "This is an opt-out" : "This is not an opt-out",
    isOptOut ? [reach, note] : [note],
    "Decide",
    (values) =>
      model.send_msg({
        decide: {
          sid: row.sid,
          decision,
          everything: values.reach === "everything",
          note: values.note,
          seen: row.decision_id,
        },
      }),
  )
}

function requestButtons(root, row, model) {
  if (!model.may_decide) {
    return null
  }
  if (row.may_undo) {
    const undo = () => model.send_msg({undo: {sid: row.sid, decision_id: row.decision_id}})
    return h(
      "div",
      {class: "line-actions"},
      h(
        "button",
        {class: "quiet", type: "button", "aria-label": `Undo the decision on ${row.contact}`, onclick: undo},
        "Undo",
      ),
    )
  }
  const button = (decision, label, kind) =>
    h(
      "button",
      {
        class: kind,
        type: "button",
        "aria-label": `${label}: ${row.contact}`,
        onclick: () => askForDecision(root, row, decision, model),
      },
      label,
    )
  return h(
    "div",
    {class: "line-actions"},
    button("opt-out", "Opt-out …", "primary"),
    button("not-opt-out", "Not an opt-out …", "quiet"),
  )
}

function requestLine(root, row, model) {
  const due = row.due ? h("span", {class: `due ${row.tone}`, title: `Honour by ${row.honour_by}`}, row.due) : null
  return h(
    "li",
    {class: "line", "data-key": row.sid},
    h("div", {class: "line-head"}, h("b", {}, row.contact), h("span", {class: "place"}, `to ${row.sender}`), due),
    h("p", {class: "line-text whole", dir: "auto"}, row.text),
    h(
      "p",
      {class: "line-note"},
      `Written ${row.written}; phrase: ${row.phrase}`,
      row.state === "waiting" ? `; honour by ${row.honour_by}` : null,
    ),
    row.decided ? h("p", {class: "line-note decided"}, row.decided) : null,
    h("div", {class: "line-foot"}, requestButtons(root, row, model), workLinks(row, model)),
  )
}

export function render(context) {
  const {model} = context
  const choose = (choice) => model.send_msg({choose: choice})
  return workPanel(context, ["view", "counts", "may_decide"], ({root}) => [
    requestViews(model, choose),
    model.rows.length
      ? h(
          "ul",
          {class: "lines"},
          model.rows.map((row) => requestLine(root, row, model)),
        )
      : h("div", {class: "blank", role: "status"}, h("p", {}, model.message)),
    workMore(model, 25, (limit) => choose({view: model.view, limit})),
  ])
}
