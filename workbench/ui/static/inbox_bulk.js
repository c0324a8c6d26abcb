// Decisions about many conversations at once, or about the open one by keyboard, each with its way back.

// Begins a decision about what is picked, the line with the focus, or the open conversation.
function beginDecision(inbox, name, target) {
  const {state, list, root} = inbox
  const opened = state.thread?.link
  const open = opened && !target?.closest?.(".line") ? {conversations: [opened]} : null
  const about = list.chosen(open ? null : target) || open
  if (!about) {
    return false
  }
  const decide = (kind, value, until) => decideMany(inbox, about, kind, value, until)
  if (name === "resolve") {
    return decide("state", "resolved")
  }
  if (name === "snooze") {
    return openSnooze(root, state.zone, (until) => decide("state", "snoozed", until))
  }
  if (name === "assign") {
    return openChooser(root, {
      title: "Assign to",
      options: ownerChoices(state),
      free: state.anybody ? "A name" : "",
      take: (person) => decide("assignee", person),
    })
  }
  const labels = Object.keys(state.list?.values.label || {})
  return openChooser(root, {
    title: "Add a label",
    options: labels.map((label) => [label, label]),
    free: "A label",
    take: (label) => decide("label", label),
  })
}

function decideMany(inbox, about, kind, value, until) {
  const {state, list, notices, composer} = inbox
  return notices.attempt(async () => {
    const {conversations = [], all = null} = about
    const opened = state.thread?.id
    const next = list.after(opened)
    const answer = await inbox.link.ask("bulk", {conversations, all, kind, value, until})
    list.pickNothing()
    inbox.take(answer)
    notices.tell(tellOfAction(answer, kind, value), answer.action ? {undo: answer.action} : {})
    if (kind === "state" && conversations[0] === opened && composer.sending.opensNext && next !== opened) {
      inbox.open(next)
    }
  })
}

function undoDecision(inbox, action) {
  return inbox.notices.attempt(async () => {
    const answer = await inbox.link.ask("undo", {action})
    inbox.take(answer)
    const left = answer.left ? ` ${counted(answer.left)} changed since and stay as they are.` : ""
    inbox.notices.tell(`Undone for ${conversationsOf(answer.changed)}.${left}`)
  })
}

function conversationsOf(number) {
  return number === 1 ? "1 conversation" : `${counted(number)} conversations`
}

// What an action did, in a sentence.
function tellOfAction({changed, left}, kind, value) {
  const what = conversationsOf(changed)
  const deeds = {
    assignee: value ? `Assigned ${what} to ${value}.` : `Took ${what} from their owners.`,
    label: `Labelled ${what} “${value}”.`,
    unlabel: `Removed the label “${value}” from ${what}.`,
    state: `${value === "snoozed" ? "Snoozed" : "Resolved"} ${what}.`,
  }
  return left ? `${deeds[kind]} ${counted(left)} had it already.` : deeds[kind]
}
