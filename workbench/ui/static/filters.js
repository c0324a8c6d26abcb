const ZONES = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : []
const SEARCH_FROM = 9

export function render({model, view}) {
  const root = h("form", {class: "filters", "aria-label": "Filters", onsubmit: (event) => event.preventDefault()})
  const opened = new Set(), typed = {}
  const send = (changes) => model.send_msg({filter: {...model.values, ...changes}})

  const segmented = (name, label, choices) => h("fieldset", {class: "segmented"}, h("legend", {}, label),
    h("div", {}, choices.map(([value, text]) => h("label", {},
      h("input", {type: "radio", name, value, checked: String(model.values[name]) === value,
        onchange: () => choose(name, value)}),
      h("span", {}, text)))))

  const choose = (name, value) => {
    if (name !== "period") { send({[name]: [value]}); return }
    if (value === "custom") { send({period: ["custom"], since: [model.days.since], until: [model.days.until]}) }
    else { send({period: [value], since: [], until: []}) }
  }

  // The field shows the last day that counts; links and the command line name the first one that does not.
  const shifted = (day, by) => {
    const moved = new Date(`${day}T12:00:00Z`)
    moved.setUTCDate(moved.getUTCDate() + by)
    return moved.toISOString().slice(0, 10)
  }
  const dates = () => {
    const first = h("input", {type: "date", value: model.days.since, "aria-label": "First day", onchange: () => apply()})
    const last = h("input", {type: "date", value: shifted(model.days.until, -1), "aria-label": "Last day", onchange: () => apply()})
    const apply = () => {
      if (!first.value || !last.value) { return }
      last.setCustomValidity(last.value < first.value ? "The last day is before the first." : "")
      if (last.reportValidity()) { send({period: ["custom"], since: [first.value], until: [shifted(last.value, 1)]}) }
    }
    return h("div", {class: "dates"}, h("label", {}, "From", first), h("label", {}, "To", last))
  }

  const zone = () => {
    const current = String(model.values.timezone)
    const names = [...new Set([current, "UTC", ...ZONES])]
    return h("label", {class: "zone"}, h("span", {class: "legend"}, "Time zone"),
      h("select", {onchange: (event) => send({timezone: [event.target.value]})},
        names.map((name) => h("option", {value: name, selected: name === current}, name.replaceAll("_", " ")))))
  }

  const many = (field) => {
    const chosen = new Set(model.values[field.name] || [])
    const shown = (token) => field.kind === "country" ? countryName(token) : token
    const list = h("ul", {class: "options"})
    const searchFor = (text) => {
      const wanted = text.trim().toLowerCase()
      const found = field.options.filter((option) => `${option.token} ${shown(option.token)}`.toLowerCase().includes(wanted))
      fill(list, ...found.map((option) => h("li", {}, h("label", {},
        h("input", {type: "checkbox", checked: chosen.has(option.token), onchange: (event) => {
          event.target.checked ? chosen.add(option.token) : chosen.delete(option.token)
          send({[field.name]: [...chosen]})
        }}),
        h("span", {class: "token"}, shown(option.token)),
        h("span", {class: "messages"}, option.messages.toLocaleString("en"))))),
      found.length ? "" : h("li", {class: "none"}, field.options.length ? "Nothing matches." : "Nothing to choose from yet."))
    }
    searchFor(typed[field.name] || "")
    const summary = chosen.size === 0 ? "All" : chosen.size === 1 ? shown([...chosen][0]) : `${chosen.size} chosen`
    const search = field.options.length >= SEARCH_FROM
      ? h("label", {class: "search"}, icon("search", 14),
          h("input", {type: "search", placeholder: "Search", "aria-label": `Search ${field.label}`,
            value: typed[field.name], oninput: (event) => searchFor(typed[field.name] = event.target.value)}))
      : null
    return h("details", {open: opened.has(field.name), ontoggle: (event) => {
      event.target.open ? opened.add(field.name) : opened.delete(field.name)
    }},
    h("summary", {}, icon("chevron", 13), h("span", {class: "legend"}, field.label),
      h("span", {class: chosen.size ? "summary active" : "summary"}, summary)),
    search, list, field.more ? h("p", {class: "more"}, field.more) : null)
  }

  // Filters that are rarely needed; they open by themselves while one of them is in use.
  const more = () => {
    const rare = model.fields.filter((field) => !field.common)
    if (!rare.length) { return null }
    const used = rare.filter((field) => (model.values[field.name] || []).length).length
    return h("details", {class: "more-filters", open: opened.has("") || used > 0, ontoggle: (event) => {
      event.target.open ? opened.add("") : opened.delete("")
    }},
    h("summary", {}, icon("chevron", 13), h("span", {class: "legend"}, "More filters"),
      h("span", {class: used ? "summary active" : "summary"}, used ? `${used} in use` : "")),
    h("div", {class: "fields"}, rare.map(many)))
  }

  const select = (name, label, choices) => h("label", {class: "zone"}, h("span", {class: "legend"}, label),
    h("select", {name, onchange: (event) => send({[name]: [event.target.value]})}, choices.map(([value, text]) =>
      h("option", {value, selected: String(model.values[name]) === value}, text))))

  const draw = () => {
    const focused = root.getRootNode().activeElement
    const place = focused && [focused.name || focused.getAttribute("aria-label"), focused.value]
    const scrolled = [...root.querySelectorAll("details[open] ul")].map((list) => list.scrollTop)
    fill(root, 
      pageLinks(model),
      segmented("period", "Period", [["7d", "7 days"], ["30d", "30 days"], ["90d", "90 days"], ["custom", "Custom"]]),
      String(model.values.period) === "custom" ? dates() : "",
      select("compare", "Compare with", [["previous", "The period before"], ["year", "The same days last year"], ["none", "Nothing"]]),
      zone(),
      segmented("direction", "Direction", [["all", "All"], ["outbound", "Outbound"], ["inbound", "Inbound"]]),
      h("div", {class: "fields"}, model.fields.filter((field) => field.common).map(many), more()),
      h("button", {type: "button", class: "quiet reset", onclick: () => model.send_msg({reset: true})}, "Reset all"))
    root.querySelectorAll("details[open] ul").forEach((list, index) => { list.scrollTop = scrolled[index] || 0 })
    if (place && place[0]) {
      const again = [...root.querySelectorAll("input, select")].find((input) =>
        (input.name || input.getAttribute("aria-label")) === place[0] && (input.type !== "radio" || input.value === place[1]))
      if (again) { again.focus() }
    }
  }
  draw()
  model.on(["values", "fields", "days", "query"], draw)
  followTheme(model, view, root, () => {})
  return root
}
