// Above the messages: who it is, what to know before writing, and the buttons that change the conversation's state.

// `actions` as in inbox_actions.js; `shown` is the whole number where it was revealed.
function drawHead(thread, shown, actions) {
  const isNamed = thread.who !== thread.address
  const canReveal = thread.address.includes("***") && thread.reachable && actions.mayAct()
  return [
    h(
      "div",
      {class: "who"},
      h(
        "button",
        {class: "icon-button back", type: "button", "aria-label": "Back to the list", onclick: actions.back},
        icon("back", 20),
      ),
      h("h2", {}, isNamed ? thread.who : shown || thread.who),
      isNamed ? h("span", {class: "number"}, shown || thread.address) : null,
      canReveal
        ? h(
            "button",
            {class: "link reveal", type: "button", onclick: actions.reveal},
            shown ? "Hide number" : "Show number",
          )
        : null,
      h("span", {class: "space"}),
      h(
        "div",
        {class: "actions"},
        actions.mayAct() && !isNew(thread) ? stateButtons(thread, actions) : null,
        isNew(thread)
          ? null
          : h(
              "button",
              {
                class: "icon-button",
                type: "button",
                "aria-label": "Export the conversation",
                title: "Export the conversation",
                onclick: actions.exportThread,
              },
              icon("download", 18),
            ),
        h(
          "button",
          {
            class: "icon-button about-toggle",
            type: "button",
            "aria-label": "About the contact",
            onclick: actions.toggleAbout,
          },
          icon("person", 18),
        ),
      ),
    ),
    h("div", {class: "facts"}, headChips(thread)),
  ]
}

// Which file, and with which number. `save` gets the form of the file and whether the number is whole.
function openExport(root, mayReveal, save) {
  const options = [
    ["txt", "Text, number masked"],
    ["json", "JSON, number masked"],
    ...(mayReveal
      ? [
          ["txt+", "Text, whole number"],
          ["json+", "JSON, whole number"],
        ]
      : []),
  ]
  openChooser(root, {
    title: "Export the conversation",
    options,
    take: (choice) => save(choice.replace("+", ""), choice.endsWith("+")),
    extra: () =>
      h("p", {class: "said"}, "Texts, names and notes are not changed. Each export is noted in the audit trail."),
  })
}

// Saves a text as a file.
function saveFile(name, text) {
  const url = URL.createObjectURL(new Blob([text], {type: "application/octet-stream"}))
  h("a", {href: url, download: name}).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function headChips(thread) {
  const tone = {"opted-out": "bad", "opted-in": "good"}[thread.consent.standing] || ""
  return [
    h("span", {class: `chip consent ${tone}`}, thread.consent.text),
    thread.local
      ? h("span", {class: "chip", title: thread.local.zone}, `${thread.local.weekday} ${thread.local.text} there`)
      : null,
    h("span", {class: "chip"}, `with ${thread.side}`),
    thread.waiting ? h("span", {class: "chip wait"}, `waiting ${thread.waiting}`) : null,
    isAside(thread) && !isNew(thread)
      ? h("span", {class: "chip"}, thread.snoozed ? `snoozed until ${thread.snoozed}` : thread.state)
      : null,
    thread.reopened ? h("span", {class: "chip"}, "reopened by a new message") : null,
  ]
}

// Whether it has no message yet, so that nothing can be decided about it.
function isNew(thread) {
  return thread.state === "new"
}

// Whether somebody set it aside: pending, snoozed or resolved.
function isAside(thread) {
  return thread.state !== "open" && thread.state !== "quiet"
}

function stateButtons(thread, actions) {
  const set = (value, until) => actions.decide("state", value, until)
  if (isAside(thread)) {
    return h("button", {class: "quiet", type: "button", onclick: () => set("open")}, "Open again")
  }
  const box = h("div", {class: "menu"})
  const toggle = () => {
    const list = box.querySelector(".menu-list")
    if (list) {
      list.remove()
    } else {
      box.append(laterMenu(set))
    }
  }
  box.append(h("button", {class: "quiet", type: "button", "aria-haspopup": "menu", onclick: toggle}, "Later"))
  return [box, h("button", {class: "quiet", type: "button", onclick: () => set("resolved")}, "Resolve")]
}

function laterMenu(set) {
  const snooze = (label, moment) =>
    h("button", {type: "button", onclick: () => set("snoozed", moment.toISOString())}, label)
  return h(
    "div",
    {class: "menu-list", role: "menu"},
    h("button", {type: "button", onclick: () => set("pending")}, "Pending, until they write"),
    snooze("Snooze for an hour", new Date(Date.now() + 3_600_000)),
    snooze("Snooze until tomorrow, 9:00", nineOClock(1)),
    snooze("Snooze for a week", nineOClock(7)),
  )
}

function nineOClock(days) {
  const moment = new Date()
  moment.setDate(moment.getDate() + days)
  moment.setHours(9, 0, 0, 0)
  return moment
}
