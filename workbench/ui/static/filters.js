// The filter drawer. Every choice sends the whole query, which Python checks like a link.

const ZONES = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : []
const SEARCH_FROM = 9
const PERIODS = [
  ["7d", "7 days"],
  ["30d", "30 days"],
  ["90d", "90 days"],
  ["custom", "Custom"],
]
// As CALENDAR_PRESETS of workbench/display/periods.py.
const CALENDAR = [
  ["today", "Today"],
  ["yesterday", "Yesterday"],
  ["this_week", "This week"],
  ["last_week", "Last week"],
  ["this_month", "This month"],
  ["last_month", "Last month"],
  ["this_quarter", "This quarter"],
  ["last_quarter", "Last quarter"],
]
const COMPARISONS = [
  ["previous", "The period before"],
  ["year", "The same days last year"],
  ["none", "Nothing"],
]
const DIRECTIONS = [
  ["all", "All"],
  ["outbound", "Outbound"],
  ["inbound", "Inbound"],
]

function send(model, changes) {
  model.send_msg({asked: ask(model), filter: {...model.values, ...changes}})
}

function choosePeriod(model, value) {
  const isCustom = value === "custom"
  send(model, {period: [value], since: isCustom ? [model.days.since] : [], until: isCustom ? [model.days.until] : []})
}

function segmented(model, name, label, choices) {
  const choose = (value) => (name === "period" ? choosePeriod(model, value) : send(model, {[name]: [value]}))
  return h(
    "fieldset",
    {class: "segmented"},
    h("legend", {}, label),
    h(
      "div",
      {},
      choices.map(([value, text]) =>
        h(
          "label",
          {},
          h("input", {
            type: "radio",
            name,
            value,
            checked: String(model.values[name]) === value,
            onchange: () => choose(value),
          }),
          h("span", {}, text),
        ),
      ),
    ),
  )
}

// The field shows the last day that counts; links and the command line name the first one that does not.
function shifted(day, by) {
  const moved = new Date(`${day}T12:00:00Z`)
  moved.setUTCDate(moved.getUTCDate() + by)
  return moved.toISOString().slice(0, 10)
}

function customDays(model) {
  const apply = () => {
    if (!first.value || !last.value) {
      return
    }
    last.setCustomValidity(last.value < first.value ? "The last day is before the first." : "")
    if (last.reportValidity()) {
      send(model, {period: ["custom"], since: [first.value], until: [shifted(last.value, 1)]})
    }
  }
  const first = h("input", {type: "date", value: model.days.since, "aria-label": "First day", onchange: apply})
  const last = h("input", {
    type: "date",
    value: shifted(model.days.until, -1),
    "aria-label": "Last day",
    onchange: apply,
  })
  return h("div", {class: "dates"}, h("label", {}, "From", first), h("label", {}, "To", last))
}

function zoneSelect(model) {
  const current = String(model.values.timezone)
  const names = [...new Set([current, "UTC", ...ZONES])]
  return h(
    "label",
    {class: "zone"},
    h("span", {class: "legend"}, "Time zone"),
    h(
      "select",
      {onchange: (event) => send(model, {timezone: [event.target.value]})},
      names.map((name) => h("option", {value: name, selected: name === current}, name.replaceAll("_", " "))),
    ),
  )
}

function calendarSelect(model) {
  const current = String(model.values.period)
  const isCalendar = CALENDAR.some(([value]) => value === current)
  return h(
    "label",
    {class: "zone"},
    h("span", {class: "legend"}, "Calendar period"),
    h(
      "select",
      {name: "calendar", onchange: (event) => event.target.value && choosePeriod(model, event.target.value)},
      h("option", {value: "", selected: !isCalendar}, "–"),
      CALENDAR.map(([value, text]) => h("option", {value, selected: current === value}, text)),
    ),
  )
}

function comparisonSelect(model) {
  return h(
    "label",
    {class: "zone"},
    h("span", {class: "legend"}, "Compare with"),
    h(
      "select",
      {name: "compare", onchange: (event) => send(model, {compare: [event.target.value]})},
      COMPARISONS.map(([value, text]) => h("option", {value, selected: String(model.values.compare) === value}, text)),
    ),
  )
}

function keep(set, value, isIn) {
  if (isIn) {
    set.add(value)
  } else {
    set.delete(value)
  }
}

// One filter with its values; `memory` knows which are open and what was searched in each.
function valueFilter(model, field, memory) {
  const chosen = new Set(model.values[field.name] || [])
  const labels = new Map(field.options.map((option) => [option.token, option.label]))
  const shown = (token) => (field.kind === "country" ? countryName(token) : labels.get(token) || token)
  const list = h("ul", {class: "options"})
  const choose = (token) => (event) => {
    keep(chosen, token, event.target.checked)
    send(model, {[field.name]: [...chosen]})
  }
  const searchFor = (text) => fill(list, ...optionElements(field, shown, text, chosen, choose))
  searchFor(memory.typed[field.name] || "")
  const summary = chosen.size === 0 ? "All" : chosen.size === 1 ? shown([...chosen][0]) : `${chosen.size} chosen`
  const typed = (event) => {
    memory.typed[field.name] = event.target.value
    searchFor(event.target.value)
  }
  const search =
    field.options.length >= SEARCH_FROM
      ? h(
          "label",
          {class: "search"},
          icon("search", 14),
          h("input", {
            type: "search",
            placeholder: "Search",
            "aria-label": `Search ${field.label}`,
            value: memory.typed[field.name],
            oninput: typed,
          }),
        )
      : null
  return h(
    "details",
    {open: memory.opened.has(field.name), ontoggle: (event) => keep(memory.opened, field.name, event.target.open)},
    h(
      "summary",
      {},
      icon("chevron", 13),
      h("span", {class: "legend"}, field.label),
      h("span", {class: chosen.size ? "summary active" : "summary"}, summary),
    ),
    search,
    list,
    field.more ? h("p", {class: "more"}, field.more) : null,
  )
}

function optionElements(field, shown, text, chosen, choose) {
  const wanted = text.trim().toLowerCase()
  const matches = field.options.filter((option) =>
    `${option.token} ${shown(option.token)}`.toLowerCase().includes(wanted),
  )
  if (!matches.length) {
    return [h("li", {class: "none"}, field.options.length ? "Nothing matches." : "Nothing to choose from yet.")]
  }
  return matches.map((option) =>
    h(
      "li",
      {},
      h(
        "label",
        {},
        h("input", {type: "checkbox", checked: chosen.has(option.token), onchange: choose(option.token)}),
        h("span", {class: "token", title: shown(option.token)}, shown(option.token)),
        h("span", {class: "messages"}, option.messages.toLocaleString("en")),
      ),
    ),
  )
}

// Filters that are rarely needed; they open by themselves while one of them is in use.
function moreFilters(model, memory) {
  const rare = model.fields.filter((field) => !field.common)
  if (!rare.length) {
    return null
  }
  const used = rare.filter((field) => (model.values[field.name] || []).length).length
  return h(
    "details",
    {
      class: "more-filters",
      open: memory.opened.has("") || used > 0,
      ontoggle: (event) => keep(memory.opened, "", event.target.open),
    },
    h(
      "summary",
      {},
      icon("chevron", 13),
      h("span", {class: "legend"}, "More filters"),
      h("span", {class: used ? "summary active" : "summary"}, used ? `${used} in use` : ""),
    ),
    h(
      "div",
      {class: "fields"},
      rare.map((field) => valueFilter(model, field, memory)),
    ),
  )
}

function drawFilters(root, model, memory) {
  const common = model.fields.filter((field) => field.common)
  fill(
    root,
    pageLinks(model),
    segmented(model, "period", "Period", PERIODS),
    calendarSelect(model),
    String(model.values.period) === "custom" ? customDays(model) : "",
    comparisonSelect(model),
    zoneSelect(model),
    segmented(model, "direction", "Direction", DIRECTIONS),
    h(
      "div",
      {class: "fields"},
      common.map((field) => valueFilter(model, field, memory)),
      moreFilters(model, memory),
    ),
    h(
      "button",
      {type: "button", class: "quiet reset", onclick: () => model.send_msg({asked: ask(model), reset: true})},
      "Reset all",
    ),
  )
}

// Draws without losing the focused control, and how far each open list was scrolled.
function keepingFocus(root, draw) {
  const focused = root.getRootNode().activeElement
  const name = focused && (focused.name || focused.getAttribute("aria-label"))
  const value = focused?.value
  const scrolled = [...root.querySelectorAll("details[open] ul")].map((list) => list.scrollTop)
  draw()
  root.querySelectorAll("details[open] ul").forEach((list, index) => {
    list.scrollTop = scrolled[index] || 0
  })
  if (!name) {
    return
  }
  const isSame = (input) =>
    (input.name || input.getAttribute("aria-label")) === name && (input.type !== "radio" || input.value === value)
  const again = [...root.querySelectorAll("input, select")].find(isSame)
  if (again) {
    again.focus()
  }
}

export function render({model, view}) {
  const root = h("form", {class: "filters", "aria-label": "Filters", onsubmit: (event) => event.preventDefault()})
  const memory = {opened: new Set(), typed: {}}
  const draw = () => keepingFocus(root, () => drawFilters(root, model, memory))
  draw()
  model.on(["values", "fields", "days", "query"], draw)
  followTheme(model, view, root, () => {})
  return root
}
