// What narrows the list of conversations, and the choosers that decide about one or many of them.

const WAITS = {
  "": "Any time",
  recent: "Within the last 7 days",
  hour: "For over an hour",
  day: "For over a day",
  older: "For over 7 days",
}
const CHANNELS = {sms: "SMS and MMS", whatsapp: "WhatsApp", rcs: "RCS", messenger: "Messenger"}
const ORDERS = {longest: "Waiting longest first", newest: "Newest first"}
const FILTER_NAMES = ["assignee", "mine", "unassigned", "label", "side", "channel", "language", "waits", "failed"]
// Those that hold or do not; the others have a value.
const TICKED = ["mine", "unassigned", "failed"]
const LANGUAGE_NAMES = new Intl.DisplayNames(["en"], {type: "language", fallback: "code"})

// By filter: its name for people and what was chosen, as a chip says it.
function filterWords(filters, sides, me) {
  const words = []
  const add = (name, text) => words.push([name, text])
  if (filters.assignee) {
    add("assignee", `Assigned to ${filters.assignee === me ? "me" : filters.assignee}`)
  }
  if (filters.mine) {
    add("mine", "Mine")
  }
  if (filters.unassigned) {
    add("unassigned", "Unassigned")
  }
  if (filters.label) {
    add("label", `Label: ${filters.label}`)
  }
  if (filters.side) {
    add("side", `With ${sides[filters.side] || filters.side}`)
  }
  if (filters.channel) {
    add("channel", CHANNELS[filters.channel] || filters.channel)
  }
  if (filters.language) {
    add("language", `Writes in: ${languageName(filters.language)}`)
  }
  if (filters.waits) {
    add("waits", filters.waits === "recent" ? "Last 7 days" : `Waiting ${WAITS[filters.waits].toLowerCase()}`)
  }
  if (filters.failed) {
    add("failed", "Has a failed message")
  }
  return words
}

// The fields of the panel. `change` gets the filters that differ.
function drawFilterPanel(list, {sides, me, teams}, change, show) {
  const {filters, values} = list
  const takeOwner = (value) =>
    change({
      assignee: value.startsWith("@") ? value.slice(1) : null,
      mine: value === "mine",
      unassigned: value === "-",
    })
  const some = (name, any, label = (value) => value) => [
    ["", any],
    ...Object.entries(values[name]).map(([value, count]) => [value, label(value) + tallyOf(count)]),
  ]
  return [
    choice("Assigned to", ownerOptions(list, me, teams), chosenOwner(filters), takeOwner),
    choice("Label", some("label", "Any label"), filters.label, (label) => change({label: label || null})),
    choice(
      "Our sender",
      some("side", "Any sender", (value) => sides[value] || value),
      filters.side,
      (side) => change({side: side || null}),
    ),
    choice(
      "Channel",
      some("channel", "Any channel", (value) => CHANNELS[value] || value),
      filters.channel,
      (channel) => change({channel: channel || null}),
    ),
    choice("Writes in", some("language", "Any language", languageName), filters.language, (language) =>
      change({language: language || null}),
    ),
    choice("Waiting", Object.entries(WAITS), filters.waits, (waits) => change({waits: waits || null})),
    choice("Order", Object.entries(ORDERS), list.order, (order) => show({order})),
    h(
      "label",
      {class: "check"},
      h("input", {
        type: "checkbox",
        checked: Boolean(filters.failed),
        onchange: (event) => change({failed: event.target.checked}),
      }),
      "Has a failed message",
    ),
  ]
}

// Who can be chosen: me with my teams, nobody, every team, and everybody else who has a conversation.
function ownerOptions({filters, values, gone}, me, teams) {
  const counts = values.assignee
  const ownTeams = Object.keys(teams).filter((team) => teams[team].includes(me))
  const own = [me, ...ownTeams].reduce((sum, name) => sum + (counts[name] || 0), 0)
  const named = (name) => {
    const words = teams[name] ? ", team" : gone.includes(name) ? ", no longer here" : ""
    return [`@${name}`, name + words + tallyOf(counts[name])]
  }
  const names = [...Object.keys(teams), ...Object.keys(counts).filter((name) => name && !teams[name])]
  const isKnown = !filters.assignee || names.includes(filters.assignee)
  return [
    ["", "Anybody"],
    ["mine", (ownTeams.length ? "Me or my teams" : "Me") + tallyOf(own)],
    ["-", `Nobody${tallyOf(counts[""])}`],
    ...[...names, ...(isKnown ? [] : [filters.assignee])].map(named),
  ]
}

// To whom a conversation can be given.
function ownerChoices({actor, people, teams}) {
  const others = people.filter((person) => person !== actor)
  return [
    [actor, "Me"],
    ["", "Nobody"],
    ...Object.entries(teams).map(([team, members]) => [team, `${team} (team: ${members.join(", ")})`]),
    ...others.map((person) => [person, person]),
  ]
}

function chosenOwner(filters) {
  if (filters.mine) {
    return "mine"
  }
  return filters.unassigned ? "-" : filters.assignee ? `@${filters.assignee}` : ""
}

function languageName(language) {
  return language === "unknown" ? "Unclear or no text" : LANGUAGE_NAMES.of(language)
}

function tallyOf(count) {
  return count ? ` (${counted(count)})` : ""
}

function choice(label, options, chosen, take) {
  const select = h(
    "select",
    {onchange: () => take(select.value)},
    options.map(([value, text]) => h("option", {value, selected: value === (chosen || "")}, text)),
  )
  return h("label", {}, label, select)
}

// A dialog with a line to type in and a list to choose from; `take` gets the value.
function openChooser(root, {title, options, free, take, extra}) {
  const dialog = h("dialog", {class: "chooser", "aria-label": title})
  const choose = (value) => {
    dialog.close()
    take(value)
  }
  const matches = h("ul", {})
  const input = h("input", {
    type: "text",
    "aria-label": title,
    placeholder: free || "Type to search",
    oninput: () => list(),
    onkeydown: (event) => {
      if (event.key === "Enter") {
        event.preventDefault()
        const first = matches.querySelector("button")
        if (first) {
          first.click()
        }
      }
    },
  })
  const list = () => {
    const typed = input.value.trim()
    const fits = options.filter(([, text]) => text.toLowerCase().includes(typed.toLowerCase()))
    const isNew = free && typed && !fits.some(([, text]) => text.toLowerCase() === typed.toLowerCase())
    const entries = isNew ? [...fits, [typed, `“${typed}”`]] : fits
    fill(
      matches,
      entries.map(([value, text]) => h("li", {}, h("button", {type: "button", onclick: () => choose(value)}, text))),
    )
  }
  list()
  fill(dialog, h("h2", {}, title), input, matches, extra ? extra(choose) : null)
  showDialog(root, dialog)
  input.focus()
}

function showDialog(root, dialog) {
  const opener = root.activeElement
  dialog.addEventListener("close", () => {
    dialog.remove()
    opener?.isConnected && opener.focus({preventScroll: true})
  })
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) {
      dialog.close()
    }
  })
  dialog.addEventListener("keydown", (event) => event.stopPropagation())
  root.append(dialog)
  dialog.showModal()
}

// Moments to send an answer at: those offered, or one that the person types, in the zone that all of the inbox shows.
function openSendLater(root, zone, options, take) {
  const tomorrow = new Date(Date.now() + 86_400_000).toLocaleDateString("sv", {timeZone: zone})
  const named = Object.fromEntries(options)
  openChooser(root, {
    title: "Send later",
    options,
    take: (at) => take({at, text: named[at] || `${at.replace("T", " ")}, ${zone.replaceAll("_", " ")}`}),
    extra: (choose) => momentField(choose, `${tomorrow}T09:00`, zone, "Choose"),
  })
}

function momentField(choose, value, zone, label, min = null) {
  const at = h("input", {type: "datetime-local", value, min})
  const button = h("button", {class: "quiet", type: "button", onclick: () => at.value && choose(at.value)}, label)
  return h("label", {class: "at"}, `Date and time, ${zone.replaceAll("_", " ")}`, h("span", {}, at, button))
}

// Times are of the zone that all of the inbox shows; the server reads them so.
function openSnooze(root, zone, take) {
  const today = new Date().toLocaleDateString("sv", {timeZone: zone})
  const day = (days) => new Date(Date.parse(`${today}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
  const weekday = new Date(`${today}T00:00Z`).getUTCDay()
  const options = [
    [new Date(Date.now() + 3_600_000).toISOString(), "In an hour"],
    [new Date(Date.now() + 4 * 3_600_000).toISOString(), "In four hours"],
    [`${day(1)}T09:00`, "Tomorrow, 9:00"],
    ...(weekday ? [[`${day((8 - weekday) % 7 || 7)}T09:00`, "Monday, 9:00"]] : []),
    ...(weekday === 1 ? [] : [[`${day(7)}T09:00`, "In a week, 9:00"]]),
  ]
  openChooser(root, {
    title: "Snooze until",
    options,
    take,
    extra: (choose) => momentField(choose, `${day(1)}T09:00`, zone, "Snooze", `${today}T00:00`),
  })
}
