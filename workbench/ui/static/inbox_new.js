// A message to somebody without a conversation: to whom and from which of our senders. It is written in the composer.

// `writers`: our senders and services by their names; `begin` opens the conversation, or says why it cannot; `write` has
// the focus when it is open.
function openNewMessage(root, writers, chosen, begin, write) {
  const dialog = h("dialog", {class: "chooser", "aria-label": "New message"})
  const to = h("input", {
    type: "text",
    inputmode: "tel",
    required: true,
    maxlength: 100,
    placeholder: "+1 415 555 0123",
    autocomplete: "off",
  })
  const from = h(
    "select",
    {},
    Object.entries(writers).map(([side, name]) => h("option", {value: side, selected: side === chosen}, name)),
  )
  const problem = h("p", {class: "said bad", role: "alert", hidden: true})
  const next = h("button", {class: "primary", type: "submit"}, "Write")
  const submit = async (event) => {
    event.preventDefault()
    next.disabled = true
    try {
      await begin(to.value, from.value)
      dialog.addEventListener("close", write)
      dialog.close()
    } catch (error) {
      problem.textContent = error.message
      problem.hidden = false
    }
    next.disabled = false
  }
  const cancel = h("button", {class: "quiet", type: "button", onclick: () => dialog.close()}, "Cancel")
  const form = h(
    "form",
    {class: "new-message", onsubmit: submit},
    h("label", {}, "To (number)", to),
    h("label", {}, "From", from),
    problem,
    h("div", {class: "form-foot"}, cancel, next),
  )
  fill(dialog, h("h2", {}, "New message"), form)
  showDialog(root, dialog)
  to.focus()
}
