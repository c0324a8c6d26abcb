// What the address bar says of the inbox: the open conversation, and the list with its view, filters and order.

// The conversation that the address bar names.
function addressed() {
  return new URLSearchParams(location.search).get("conversation")
}

// The list that the address bar names: its view, filters and order. Whoever says nothing begins with the last week.
function addressedList() {
  const query = new URLSearchParams(location.search)
  const view = query.get("view") in VIEWS ? query.get("view") : "waiting"
  const filters = {}
  for (const name of FILTER_NAMES.filter((each) => query.get(each))) {
    filters[name] = TICKED.includes(name) ? true : query.get(name)
  }
  if (!(filters.waits in WAITS)) {
    filters.waits = view === "waiting" && filters.waits !== "any" ? "recent" : null
  }
  const order = query.get("order") in ORDERS ? query.get("order") : null
  return {view, filters, order}
}

function addressOf(list) {
  const {view, filters, order} = list
  const values = {view: view === "waiting" ? "" : view}
  for (const name of FILTER_NAMES) {
    values[name] = filters[name] ? String(filters[name]) : ""
  }
  if (view === "waiting") {
    values.waits = {recent: "", undefined: "any"}[filters.waits] ?? filters.waits
  }
  const usual = view === "waiting" ? "longest" : "newest"
  return {...values, order: order === usual ? "" : order}
}

// Writes both into the address bar; `push` makes a step that Back returns from.
function writeAddress(conversation, list, push) {
  const query = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries({conversation, ...addressOf(list)})) {
    if (value) {
      query.set(name, value)
    } else {
      query.delete(name)
    }
  }
  const url = location.pathname + (query.size ? `?${query}` : "")
  history[push ? "pushState" : "replaceState"](null, "", url)
}
