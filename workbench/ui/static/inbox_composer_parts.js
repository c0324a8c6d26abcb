// What is drawn around the text of an answer: its modes, what stands against it, its moment, what it would cost.

function segmentNoun(number) {
  return number === 1 ? "segment" : "segments"
}

// What stands between the text and the buttons.
function drawMiddle(composer) {
  return [
    drawWriting(composer),
    drawLater(composer),
    drawReasons(composer),
    composer.isConfirming ? drawConfirmation(composer) : null,
  ]
}

function drawModes(composer) {
  const button = (mode, label) =>
    h(
      "button",
      {
        class: "mode",
        type: "button",
        "aria-pressed": String(composer.mode === mode),
        onclick: () => {
          composer.setMode(mode)
          composer.text.focus()
        },
      },
      label,
    )
  const canned = !composer.isNote && (composer.actions.canned().length || composer.actions.editsCanned())
  return [
    button("reply", "Reply"),
    button("note", "Private note"),
    h("span", {class: "space"}),
    composer.isNote ? null : composer.tray.drawButton(),
    canned ? h("button", {class: "link", type: "button", onclick: () => pickCanned(composer)}, "Canned replies") : null,
  ]
}

function drawWriting(composer) {
  const verb = composer.writing.length === 1 ? "is" : "are"
  return composer.writing.length
    ? h("div", {class: "writing", role: "status"}, `${composer.writing.join(" and ")} ${verb} writing an answer.`)
    : null
}

// What waits can be taken back until its time.
function drawWait(composer) {
  const seconds = Math.max(0, Math.ceil((composer.state.sendAt - Date.now()) / 1000))
  const text = seconds ? `Sending in ${seconds} s` : "Sending …"
  return [
    h("div", {class: "tally"}, h("span", {class: "waiting-reply"}, text)),
    h(
      "span",
      {class: "unseen", role: "status"},
      seconds ? "The answer is sent in a moment; Undo takes it back." : text,
    ),
    seconds ? h("button", {class: "quiet", type: "button", onclick: () => composer.sending.unsend()}, "Undo") : null,
  ]
}

// Offers moments to send at, or says why this sender cannot.
function chooseLater(composer) {
  const {state} = composer
  if (composer.verdict.no_later) {
    Object.assign(state, {outcome: composer.verdict.no_later, hasFailed: true})
    composer.draw()
    return
  }
  const options = composer.verdict.later.map(({at, text}) => [at, text])
  composer.actions.chooseMoment(options, (later) => setLater(composer, state, later))
}

function setLater(composer, state, later) {
  Object.assign(state, {later, outcome: ""})
  composer.isConfirming = false
  composer.check()
  composer.text.focus()
}

function drawLater(composer) {
  const {later} = composer.state
  return later && !composer.isNote
    ? h(
        "div",
        {class: "later"},
        h("span", {}, "Sends: ", h("b", {}, later.text)),
        h(
          "button",
          {class: "link", type: "button", onclick: () => setLater(composer, composer.state, null)},
          "Send now instead",
        ),
      )
    : null
}

function drawReasons(composer) {
  const reasons = (!composer.isNote && composer.verdict?.reasons) || []
  if (!reasons.length) {
    return null
  }
  return h(
    "ul",
    {class: "reasons"},
    reasons.map((reason) =>
      h(
        "li",
        {class: reason.verdict},
        icon(reason.verdict === "block" ? "stop" : "warning", 14),
        h("span", {}, withCode(reason.text)),
      ),
    ),
  )
}

function drawConfirmation(composer) {
  const {segments, cost} = composer.verdict
  const {length} = composer.state.files
  const size = length
    ? `with ${length} ${length === 1 ? "attachment" : "attachments"}`
    : `as ${segments} ${segmentNoun(segments)}`
  const verb = composer.state.later ? "Schedule" : "Send"
  const question = `${verb} this to ${composer.actions.who()} ${size}${cost ? `, about ${cost}` : ""}?`
  return h(
    "div",
    {class: "confirm", role: "alertdialog", "aria-label": "Confirm sending"},
    h("span", {}, question),
    h(
      "div",
      {},
      h("button", {class: "quiet", type: "button", onclick: () => composer.stopConfirming()}, "Back"),
      h(
        "button",
        {
          class: "primary",
          type: "button",
          onclick: () => {
            composer.press()
            composer.text.focus()
          },
        },
        composer.state.later ? "Schedule" : "Send now",
      ),
    ),
  )
}

function drawFoot(composer) {
  const why = composer.whyNotNow()
  const {outcome: said, hasFailed} = composer.state
  const outcome = said ? h("span", {class: hasFailed ? "said bad" : "said"}, said) : drawTally(composer)
  const next = h("input", {
    type: "checkbox",
    checked: composer.sending.opensNext,
    onchange: () => {
      composer.sending.opensNext = next.checked
    },
  })
  const button = h(
    "button",
    {
      class: "primary",
      type: "button",
      title: why || null,
      disabled: (Boolean(why) && why !== composer.checking) || composer.isLocked,
      onclick: () => composer.press(),
    },
    composer.isNote ? "Save note" : composer.state.later ? "Schedule" : "Send",
  )
  const later = h(
    "button",
    {class: "quiet", type: "button", disabled: !composer.verdict?.later, onclick: () => chooseLater(composer)},
    "Send later",
  )
  return [
    h("div", {class: "tally", role: "status"}, outcome),
    composer.actions.hasList() && !composer.isNote
      ? h("label", {class: "said keys", title: "Open the next conversation after sending"}, next, "Next after send")
      : null,
    h("span", {class: "said keys"}, "Ctrl-Enter"),
    composer.isConfirming || composer.isNote ? null : later,
    composer.isConfirming ? null : button,
  ]
}

// What the text takes: segments, price, and the time where it would arrive.
function drawTally(composer) {
  const {verdict, actions} = composer
  if (composer.state.isSending) {
    return h("span", {}, "Sending …")
  }
  if (composer.actions.isOpening()) {
    return h("span", {}, "Opening …")
  }
  if (!actions.mayAct()) {
    return h("span", {}, actions.whyNot())
  }
  if (composer.isNote) {
    const named = mentionedPeople(composer.text.value, actions.people())
    return named.length ? h("span", {}, `Tells ${named.join(", ")}`) : null
  }
  if (composer.isEmpty) {
    return null
  }
  if (!verdict) {
    return h("span", {}, composer.whyNotNow())
  }
  if (verdict.segments === undefined) {
    return null
  }
  const {length} = composer.state.files
  return [
    length
      ? h("span", {}, h("b", {}, length), ` ${length === 1 ? "attachment" : "attachments"}`)
      : h("span", {}, h("b", {}, verdict.segments), ` ${segmentNoun(verdict.segments)}, ${verdict.encoding}`),
    h("span", {}, verdict.cost ? `about ${verdict.cost}` : "price unknown"),
    verdict.local ? h("span", {title: verdict.local.zone}, `${verdict.local.text} there`) : null,
  ]
}
