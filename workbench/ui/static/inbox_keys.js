// The inbox by keyboard. Nothing is a shortcut while somebody types.

const SHORTCUTS = [
  ["j or ↓", "Next in the list"],
  ["k or ↑", "Previous in the list"],
  ["Enter", "Open, and write an answer"],
  ["x", "Select or unselect"],
  ["n", "Open the next conversation"],
  ["/", "Search"],
  ["r", "Write an answer"],
  ["c", "New message"],
  ["e", "Resolve"],
  ["a", "Assign"],
  ["l", "Label"],
  ["s", "Snooze"],
  ["Ctrl-Enter", "Send, while you write"],
  ["Esc", "Back to the list"],
  ["?", "This list"],
]

function isTyping(element) {
  return Boolean(element?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]"))
}

// What a key does: a name in `does`, or "" for nothing.
function shortcutOf(event, target) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return ""
  }
  if (event.key === "Escape") {
    return "back"
  }
  if (isTyping(target)) {
    return ""
  }
  const inList = Boolean(target?.closest?.(".list"))
  const keys = {
    j: "down",
    k: "up",
    x: "pick",
    n: "next",
    "/": "search",
    r: "reply",
    c: "compose",
    e: "resolve",
    a: "assign",
    l: "label",
    s: "snooze",
    "?": "help",
    ...(inList ? {ArrowDown: "down", ArrowUp: "up"} : {}),
  }
  return keys[event.key] || ""
}

// What the shortcuts of `shortcutOf` do with the inbox; false for nothing.
function shortcutsOf(inbox) {
  const {state, list, root} = inbox
  const whole = (act) => (target) => (state.mayAct ? beginDecision(inbox, act, target) : false)
  return {
    down: (target) => list.move(1, target),
    up: (target) => list.move(-1, target),
    next: () => inbox.openNext(),
    search: () => list.search.focus(),
    reply: () => inbox.write(),
    compose: () => inbox.compose(),
    resolve: whole("resolve"),
    assign: whole("assign"),
    label: whole("label"),
    snooze: whole("snooze"),
    help: () => openShortcuts(root),
    pick: (target) => {
      const id = target?.closest?.(".line")?.dataset.id
      return id && state.mayAct ? list.pick(id, !list.isPicked(id)) : false
    },
    back: (target) => goBack(inbox, target),
  }
}

// One step back: from what is typed to the list, then from what is picked, then from the conversation.
function goBack(inbox, target) {
  const {state, list} = inbox
  if (isTyping(target) || !target?.closest?.(".list")) {
    return list.move(0)
  }
  if (list.picked.size || list.pickedAll) {
    return list.pickNothing()
  }
  return state.thread && !state.only ? inbox.close(true) : false
}

// Returns what ends it. On a page, keys count that are pressed while nothing has the focus.
function listenToKeys(box, root, wholePage, does) {
  const pressed = (event) => {
    const target = root.activeElement || event.composedPath()[0]
    const name = shortcutOf(event, target)
    if (name && does[name](target) !== false) {
      event.preventDefault()
    }
  }
  const onPage = (event) => {
    if (event.target === document.body) {
      pressed(event)
    }
  }
  box.addEventListener("keydown", pressed)
  if (wholePage) {
    document.addEventListener("keydown", onPage)
  }
  return () => document.removeEventListener("keydown", onPage)
}

function openShortcuts(root) {
  const dialog = h("dialog", {class: "chooser", "aria-label": "Keyboard shortcuts"})
  const close = h("button", {class: "quiet", type: "button", onclick: () => dialog.close()}, "Close")
  fill(
    dialog,
    h("h2", {}, "Keyboard shortcuts"),
    h(
      "dl",
      {class: "shortcuts"},
      SHORTCUTS.map(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]),
    ),
    close,
  )
  showDialog(root, dialog)
  close.focus()
}
