// What Explore asks: metrics, dimensions, time and chart; and the questions that are kept as views.

function askQuestion(model, changes) {
  model.send_msg({asked: ask(model), explore: changes})
}

function chosenItem(label, remove) {
  return h(
    "li",
    {class: "chip"},
    h("span", {}, label),
    remove
      ? h(
          "button",
          {type: "button", class: "icon-button", "aria-label": `Remove ${label}`, onclick: remove},
          icon("close", 12),
        )
      : null,
  )
}

// A list to choose from, with a search over names and descriptions.
function picker(label, choices, chosen, disabled) {
  const choose = (name) => {
    details.open = false
    chosen(name)
  }
  const list = h("ul", {class: "choices"})
  const show = (text) => {
    const wanted = text.trim().toLowerCase()
    const matches = choices.filter((choice) =>
      `${choice.label} ${choice.name} ${choice.description}`.toLowerCase().includes(wanted),
    )
    fill(
      list,
      matches.length
        ? matches.map((choice) =>
            h(
              "li",
              {},
              h(
                "button",
                {type: "button", onclick: () => choose(choice.name)},
                h("strong", {}, choice.label),
                h("span", {}, choice.description),
              ),
            ),
          )
        : h("li", {class: "none"}, "Nothing matches."),
    )
  }
  show("")
  const search = h("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": `Search ${label.toLowerCase()}`,
    oninput: (event) => show(event.target.value),
  })
  const details = h(
    "details",
    {class: "menu picker"},
    h("summary", {class: "quiet", "aria-label": label, "aria-disabled": disabled ? "true" : null}, label),
    h("div", {class: "menu-list"}, search, list),
  )
  details.addEventListener("toggle", () => {
    if (details.open && disabled) {
      details.open = false
    } else if (details.open) {
      search.focus()
    }
  })
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && details.open) {
      details.open = false
      details.firstChild.focus()
    } else if (event.key === "Enter" && event.target === search) {
      list.querySelector("button")?.click()
    }
  })
  details.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !details.contains(event.relatedTarget)) {
      details.open = false
    }
  })
  return details
}

function chooser(model, name, label, choices, most, fewest) {
  const chosen = model.values[name] || []
  const byName = Object.fromEntries(choices.map((choice) => [choice.name, choice]))
  const isFull = chosen.length >= most
  return h(
    "div",
    {class: "field"},
    h("span", {class: "legend"}, label),
    h(
      "ul",
      {class: "chips"},
      chosen.map((item) =>
        chosenItem(
          byName[item]?.label ?? item,
          chosen.length > fewest && (() => askQuestion(model, {[name]: chosen.filter((other) => other !== item)})),
        ),
      ),
      h(
        "li",
        {},
        picker(
          isFull ? `At most ${most}` : `Add ${name === "metric" ? "metric" : "dimension"}`,
          choices.filter((choice) => !chosen.includes(choice.name)),
          (item) => askQuestion(model, {[name]: [...chosen, item]}),
          isFull,
        ),
      ),
    ),
  )
}

function optionSelect(model, name, label) {
  return h(
    "select",
    {"aria-label": label, name, onchange: (event) => askQuestion(model, {[name]: [event.target.value]})},
    model.options[name].map(([value, text]) =>
      h("option", {value, selected: String(model.values[name]) === value}, text),
    ),
  )
}

function flag(model, name, label, reason) {
  const isOn = model.values[name] === "yes"
  return h(
    "label",
    {class: reason ? "flag off" : "flag", title: reason},
    h("input", {
      type: "checkbox",
      name,
      checked: isOn,
      disabled: Boolean(reason) && !isOn,
      onchange: (event) => askQuestion(model, {[name]: [event.target.checked ? "yes" : "no"]}),
    }),
    label,
  )
}

// Percentages of a total are for what can be added.
function shareReason(model) {
  const metric = model.metrics.find((each) => model.values.metric?.includes(each.name) && !each.adds)
  return metric ? `${metric.label} cannot be added, so it has no share of a total.` : null
}

function builder(model) {
  return h(
    "div",
    {class: "builder"},
    chooser(model, "metric", "Metrics", model.metrics, 4, 1),
    chooser(model, "by", "By", model.dimensions, 2, 0),
    h(
      "div",
      {class: "row"},
      optionSelect(model, "grain", "Time"),
      optionSelect(model, "chart", "Chart"),
      optionSelect(model, "top", "How many values"),
      optionSelect(model, "order", "Order"),
      flag(model, "share", "Share of total", shareReason(model)),
      flag(model, "split", "One chart per value", null),
    ),
  )
}

function viewForm(model, view, close) {
  const title = h("input", {type: "text", required: true, maxlength: 100, value: view?.title ?? "", name: "title"})
  const folder = h("input", {type: "text", maxlength: 100, value: view?.folder ?? "", name: "folder"})
  const shared = h("input", {type: "checkbox", checked: Boolean(view?.shared), name: "shared"})
  const send = (event) => {
    event.preventDefault()
    const words = {title: title.value, folder: folder.value, shared: shared.checked}
    if (view) {
      model.send_msg({edit_view: {...words, name: view.name}})
    } else {
      model.send_msg({save_view: words})
    }
    close()
  }
  return h(
    "form",
    {class: "view-form", onsubmit: send},
    h("label", {}, "Title", title),
    h("label", {}, "Folder", folder),
    h("label", {class: "flag"}, shared, "Everybody who signs in sees it"),
    h(
      "div",
      {class: "buttons"},
      h("button", {type: "submit", class: "quiet strong"}, "Save"),
      h("button", {type: "button", class: "quiet", onclick: close}, "Cancel"),
    ),
  )
}

// Who gets an open view by mail, and how often.
function mailTools(model, current) {
  if (!current || !(model.may_mail || model.mails.length)) {
    return null
  }
  const mails = model.mails.filter((mail) => mail.view === current.name)
  const every = h(
    "select",
    {"aria-label": "How often", name: "every"},
    ["day", "week", "month"].map((value) => h("option", {value, selected: value === "week"}, `Each ${value}`)),
  )
  const to = h("input", {type: "text", required: true, name: "to", placeholder: "ann@example.com", "aria-label": "To"})
  const send = (event) => {
    event.preventDefault()
    model.send_msg({subscribe: {name: current.name, every: every.value, to: to.value}})
  }
  return h(
    "div",
    {class: "mails"},
    h("h3", {}, `Mail of “${current.title}”`),
    mails.map((mail) =>
      h(
        "p",
        {class: "view"},
        h("span", {class: "note"}, mail.text),
        h("button", {type: "button", class: "quiet", onclick: () => model.send_msg({unsubscribe: mail.name})}, "Stop"),
      ),
    ),
    model.may_mail
      ? h("form", {class: "row", onsubmit: send}, every, to, h("button", {type: "submit", class: "quiet"}, "Mail it"))
      : null,
  )
}

function alertLine(model, alert) {
  return h(
    "p",
    {class: "view"},
    h("span", {class: "note"}, alert.text),
    h("button", {type: "button", class: "quiet", onclick: () => model.send_msg({unwatch: alert.name})}, "Stop"),
  )
}

// Those of views that were deleted, or are private to others: here they can still be ended.
function otherAlerts(model) {
  const alerts = model.alerts.filter((alert) => !model.views.some((view) => view.name === alert.view))
  return alerts.length
    ? h(
        "div",
        {class: "mails"},
        h("h3", {}, "Alerts on views that you do not see"),
        alerts.map((alert) => alertLine(model, alert)),
      )
    : null
}

// Warns when an open view is above or below a limit.
function alertTools(model, current) {
  const alerts = model.alerts.filter((alert) => alert.view === current?.name)
  if (!current || !(model.may_watch || alerts.length)) {
    return null
  }
  return h(
    "div",
    {class: "mails"},
    h("h3", {}, `Alerts on “${current.title}”`),
    alerts.map((alert) => alertLine(model, alert)),
    !model.may_watch
      ? null
      : model.limit_unit
        ? alertForm(model, current)
        : h("p", {class: "note"}, "An amount of money is watched by a budget: [alerts] budget."),
  )
}

function alertForm(model, current) {
  const select = (name, label, options, chosen) =>
    h(
      "select",
      {"aria-label": label, name},
      options.map(([value, words]) => h("option", {value, selected: value === chosen}, words)),
    )
  const sides = ["above", "below"].map((side) => [side, side])
  const side = select("side", "Side of the limit", sides, "above")
  const over = select("window", "Over which time", model.windows, "1d")
  const limit = h("input", {
    type: "text",
    required: true,
    name: "limit",
    inputmode: "decimal",
    size: 6,
    "aria-label": `Limit, ${model.limit_unit}`,
  })
  const send = (event) => {
    event.preventDefault()
    model.send_msg({watch: {name: current.name, side: side.value, limit: limit.value, window: over.value}})
  }
  const metric = model.metrics.find((each) => each.name === [model.values.metric].flat()[0])
  return h(
    "form",
    {class: "row", onsubmit: send},
    h("span", {}, `Alert when “${metric?.label ?? "it"}” is`),
    side,
    limit,
    h("span", {}, model.limit_unit),
    over,
    h("button", {type: "submit", class: "quiet"}, "Watch"),
  )
}

// A saved view becomes a tile of a page in My pages.
function pageTools(model, current) {
  if (!current) {
    return null
  }
  const board = h(
    "select",
    {"aria-label": "My pages", name: "board"},
    model.boards.map((each) => h("option", {value: each.name}, each.title)),
    h("option", {value: ""}, "New page"),
  )
  const send = (event) => {
    event.preventDefault()
    model.send_msg({add_to_page: {view: current.name, board: board.value}})
  }
  return h(
    "form",
    {class: "row mails", onsubmit: send},
    board,
    h("button", {type: "submit", class: "quiet"}, "Add to my page"),
    h("a", {href: "my_pages"}, "My pages"),
  )
}

function openView(model, query) {
  model.send_msg({asked: ask(model), address: query})
}

function viewLine(model, view, edit) {
  const open = (event) => {
    event.preventDefault()
    openView(model, view.query)
  }
  const isOpen = model.values.view === view.name
  return h(
    "li",
    {class: isOpen ? "view open" : "view"},
    h("a", {href: `explore${view.query}`, onclick: open, "aria-current": isOpen ? "true" : null}, view.title),
    h("span", {class: "note"}, view.shared ? `shared by ${view.owner}` : "private"),
    view.may_change
      ? [
          h("button", {type: "button", class: "quiet", onclick: () => edit(view)}, "Edit"),
          h(
            "button",
            {
              type: "button",
              class: "quiet",
              "aria-label": `Delete ${view.title}`,
              onclick: () => model.send_msg({delete_view: view.name}),
            },
            "Delete",
          ),
        ]
      : null,
  )
}

function viewList(model, edit) {
  const folders = [...new Set(model.views.map((view) => view.folder))]
  return folders.map((folder) => [
    folder ? h("h3", {}, folder) : null,
    h(
      "ul",
      {},
      model.views.filter((view) => view.folder === folder).map((view) => viewLine(model, view, edit)),
    ),
  ])
}

function noticeLine(model) {
  if (!model.notice) {
    return null
  }
  return h(
    "p",
    {class: "notice", role: "status"},
    model.notice,
    model.deleted
      ? h(
          "button",
          {type: "button", class: "quiet", onclick: () => model.send_msg({restore_view: model.deleted})},
          "Undo",
        )
      : null,
  )
}

function viewTools(model, state, draw) {
  const edit = (view) => {
    state.form = view
    draw()
  }
  const close = () => {
    state.form = undefined
    draw()
  }
  const current = model.views.find((view) => view.name === model.values.view)
  const resave = () => {
    const {name, title, folder, shared} = current
    model.send_msg({save_view: {name, title, folder, shared}})
  }
  const copy = h(
    "button",
    {
      type: "button",
      class: "quiet",
      title: "Python that gives the same numbers in a notebook",
      onclick: async () => {
        await navigator.clipboard.writeText(model.cell)
        copy.textContent = "Copied"
      },
    },
    "Copy notebook cell",
  )
  return [
    h(
      "div",
      {class: "row views"},
      h(
        "details",
        {
          class: "saved",
          open: state.open,
          ontoggle: (event) => {
            state.open = event.target.open
          },
        },
        h("summary", {class: "quiet"}, `Saved views (${model.views.length})`),
        h(
          "div",
          {class: "view-list"},
          model.views.length ? viewList(model, edit) : h("p", {class: "note"}, "No saved views yet."),
          model.problems.map((problem) => h("p", {class: "notice"}, problem)),
        ),
      ),
      model.can_save ? h("button", {type: "button", class: "quiet", onclick: () => edit(null)}, "Save as view") : null,
      current?.may_change
        ? h("button", {type: "button", class: "quiet", onclick: resave}, `Update “${current.title}”`)
        : null,
      copy,
    ),
    state.form === undefined ? null : viewForm(model, state.form, close),
    pageTools(model, current),
    mailTools(model, current),
    alertTools(model, current),
    otherAlerts(model),
    noticeLine(model),
  ]
}

export function render({model, view}) {
  const root = h("section", {class: "panel"})
  const state = {open: false, form: undefined}
  const draw = () => keepingPlace(root, paint)
  const paint = () => {
    // The props of one drawing come one after the other.
    if (model.state !== "ok" || !model.options.grain || !model.values.metric) {
      fill(root, panelHead(model, root), placeholder(model))
      return
    }
    fill(root, h("h2", {class: "hidden-title"}, model.title), builder(model), viewTools(model, state, draw))
  }
  draw()
  // Not `cell` and `query`, which change with every filter: a form that somebody fills in stays.
  model.on(
    [
      "values",
      "options",
      "dimensions",
      "views",
      "mails",
      "may_mail",
      "alerts",
      "may_watch",
      "windows",
      "limit_unit",
      "boards",
      "problems",
      "notice",
      "deleted",
      "state",
      "message",
      "metrics",
      "can_save",
    ],
    draw,
  )
  model.on("saved", () => {
    if (model.saved) {
      openView(model, model.saved)
    }
  })
  followTheme(model, view, root, () => {})
  return root
}
