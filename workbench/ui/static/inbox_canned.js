// Canned replies: put in by choice or by shortcut, blanks asked for where they are not known, kept by admins.

// Opens the list of canned replies, or closes it.
function pickCanned(composer) {
  if (composer.picker) {
    composer.picker.remove()
    composer.picker = null
    return
  }
  const search = h("input", {type: "search", placeholder: "Search canned replies", oninput: () => list()})
  const matches = h("ul", {})
  const list = () => fill(matches, cannedReplies(composer, search.value))
  composer.picker = h(
    "div",
    {class: "canned", role: "dialog", "aria-label": "Canned replies"},
    search,
    matches,
    cannedFoot(composer),
  )
  list()
  composer.element.append(composer.picker)
  search.focus()
}

// Those that have what is searched.
function cannedReplies(composer, wanted) {
  const fits = (reply) => `${reply.title} ${reply.shortcut} ${reply.text}`.toLowerCase().includes(wanted.toLowerCase())
  return composer.actions
    .canned()
    .filter(fits)
    .map((reply) =>
      h(
        "li",
        {},
        h(
          "button",
          {type: "button", onclick: () => useCanned(composer, reply)},
          h("b", {}, reply.title, reply.shortcut ? h("code", {}, ` /${reply.shortcut}`) : null),
          h("span", {}, reply.text),
        ),
      ),
    )
}

function insertCanned(composer, text) {
  composer.text.value = composer.isBlank ? text : `${composer.text.value.trimEnd()} ${text}`
  pickCanned(composer)
  composer.typed()
  composer.text.focus()
}

// Puts a reply into the composer; its blanks are filled first, by what is known of the contact or by the person.
async function useCanned(composer, reply, values = {}) {
  try {
    const filled = await composer.actions.fillCanned(reply.template, values)
    if (!filled.missing.length) {
      insertCanned(composer, filled.text)
      return
    }
    askForBlanks(composer, reply, filled.missing, values)
  } catch (error) {
    showCanned(composer, h("p", {class: "said bad"}, error.message), backToCanned(composer))
  }
}

// Replaces "/refund" before the cursor by the reply of that shortcut; whether there is one.
function expandShortcut(composer) {
  const {text} = composer
  const before = text.value.slice(0, text.selectionStart)
  const typed = /(?:^|\s)\/([a-z0-9-]+)$/.exec(before)
  const reply = typed && !composer.isNote && composer.actions.canned().find((each) => each.shortcut === typed[1])
  if (!reply) {
    return false
  }
  text.value = before.slice(0, before.length - typed[1].length - 1) + text.value.slice(text.selectionStart)
  // The list is what a reply is put in from.
  if (!composer.picker) {
    pickCanned(composer)
  }
  useCanned(composer, reply)
  return true
}

function showCanned(composer, ...content) {
  if (!composer.picker) {
    pickCanned(composer)
  }
  composer.picker.classList.add("form")
  fill(composer.picker, ...content)
  composer.picker.querySelector("input, textarea, button")?.focus()
}

function backToCanned(composer) {
  const back = () => {
    pickCanned(composer)
    pickCanned(composer)
  }
  return h("button", {class: "quiet", type: "button", onclick: back}, "Back")
}

function askForBlanks(composer, reply, missing, values) {
  const putIn = h("button", {class: "primary", type: "submit"}, "Insert")
  const inputs = missing.map((name) => [name, h("input", {type: "text", required: true, maxlength: 200})])
  const form = h(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault()
        putIn.disabled = true
        useCanned(composer, reply, {
          ...values,
          ...Object.fromEntries(inputs.map(([name, input]) => [name, input.value])),
        })
      },
    },
    h("b", {}, reply.title),
    inputs.map(([name, input]) => h("label", {}, name.replaceAll("_", " "), input)),
    h("div", {class: "form-foot"}, backToCanned(composer), putIn),
  )
  showCanned(composer, form)
}

// Below the list: how to keep it, for admins.
function cannedFoot(composer) {
  if (!composer.actions.editsCanned()) {
    return null
  }
  return h(
    "div",
    {class: "form-foot"},
    h("button", {class: "link", type: "button", onclick: () => chooseCanned(composer)}, "Edit"),
    h("button", {class: "link", type: "button", onclick: () => editCanned(composer, null)}, "New reply"),
  )
}

function chooseCanned(composer) {
  const line = (reply) =>
    h(
      "li",
      {},
      h(
        "button",
        {type: "button", onclick: () => editCanned(composer, reply)},
        h("b", {}, reply.title),
        h("span", {}, reply.text),
      ),
    )
  showCanned(
    composer,
    h("b", {}, "Edit a canned reply"),
    h("ul", {}, composer.actions.canned().map(line)),
    h("div", {class: "form-foot"}, backToCanned(composer)),
  )
}

function editCanned(composer, reply) {
  const title = h("input", {type: "text", required: true, maxlength: 60, value: reply?.title || null})
  const shortcut = h("input", {
    type: "text",
    maxlength: 30,
    pattern: "/?[a-z0-9][a-z0-9-]*",
    value: reply?.shortcut || null,
    placeholder: "refund",
  })
  const text = h("textarea", {rows: 4, required: true, maxlength: 1600, placeholder: "Hi {{ first_name }}, …"})
  text.value = reply?.body || ""
  const problem = h("p", {class: "said bad", role: "alert", hidden: true})
  const attempt = async (work) => {
    try {
      await work()
      backToCanned(composer).click()
    } catch (error) {
      problem.textContent = error.message
      problem.hidden = false
    }
  }
  const save = (event) => {
    event.preventDefault()
    attempt(() =>
      composer.actions.saveCanned(reply?.template || "", title.value, shortcut.value.replace(/^\//, ""), text.value),
    )
  }
  const form = h(
    "form",
    {onsubmit: save},
    h("label", {}, "Title", title),
    h("label", {}, "Shortcut, typed after a slash", shortcut),
    h("label", {}, "Text; {{ first_name }} is a blank", text),
    problem,
    h(
      "div",
      {class: "form-foot"},
      backToCanned(composer),
      reply ? removeCannedButton(composer, reply, attempt) : null,
      h("button", {class: "primary", type: "submit"}, "Save"),
    ),
  )
  showCanned(composer, form)
}

// Asks once more in the button itself.
function removeCannedButton(composer, reply, attempt) {
  const button = h("button", {class: "quiet", type: "button"}, "Remove")
  button.addEventListener("click", () => {
    if (button.textContent === "Remove") {
      button.textContent = "Really remove it?"
      return
    }
    attempt(() => composer.actions.removeCanned(reply.template))
  })
  return button
}
