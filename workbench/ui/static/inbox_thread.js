// One conversation: what was said and what became of it. Texts and names only ever enter as text.

Object.assign(ICONS, {
  back: "M15 6l-6 6 6 6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7 8c0-3.5 3-6 7-6s7 2.5 7 6",
  clip: "M20 11.5 12 19.400a5 5 0 0 1-7-7l8.3-8.200a3.3 3.3 0 0 1 4.7 4.700L9.7 17a1.7 1.7 0 0 1-2.4-2.400L14.8 7.2",
})

function drawItems(thread, actions) {
  let day = ""
  const drawn = thread.older
    ? [
        h(
          "button",
          {class: "quiet older", type: "button", onclick: actions.older},
          `Show older messages (${thread.older.toLocaleString("en")})`,
        ),
      ]
    : []
  if (isNew(thread)) {
    return h("div", {class: "empty"}, h("b", {}, "New conversation"), h("p", {}, "It begins with your first message."))
  }
  for (const item of thread.items) {
    if (item.day !== day) {
      day = item.day
      drawn.push(h("div", {class: "day"}, day))
    }
    if (item.type === "message") {
      drawn.push(drawMessage(item, actions))
    } else if (item.type === "note") {
      const head = h("small", {}, `Private note by ${item.who}, ${item.clock}`)
      drawn.push(h("div", {class: "note"}, head, withMentions(item.text, actions.people())))
    } else {
      drawn.push(h("div", {class: "event"}, `${item.text}, ${item.clock}`))
    }
  }
  return drawn
}

// The name that a part of a note mentions, as @ana, and "" where it mentions nobody who can be told.
function mentionedName(part, people) {
  let name = part.startsWith("@") ? part.slice(1).toLowerCase() : ""
  while (name && !people.includes(name)) {
    name = /[._@+-]$/.test(name) ? name.slice(0, -1) : ""
  }
  return name
}

function noteParts(text) {
  return text.split(/(?<![\w.@+-])(@[a-z0-9][a-z0-9._@+-]*)/i)
}

function withMentions(text, people) {
  return noteParts(text).map((part) => {
    const {length} = mentionedName(part, people)
    return length ? [h("b", {class: "mention"}, part.slice(0, length + 1)), part.slice(length + 1)] : part
  })
}

function mentionedPeople(text, people) {
  return [...new Set(noteParts(text).map((part) => mentionedName(part, people)))].filter(Boolean)
}

function drawMessage(item, actions) {
  const failed = item.tone === "bad"
  const cost = item.cost ? ` · ${item.cost}` : ""
  const size = item.segments ? `${item.segments} segment${item.segments === 1 ? "" : "s"}${cost}` : item.cost
  return h(
    "div",
    {class: `message ${item.mine ? "mine" : "theirs"}${failed ? " failed" : ""}`, "data-sid": item.sid},
    item.text ? h("div", {class: "bubble", dir: "auto"}, item.text) : null,
    item.content ? h("div", {class: "bubble content", dir: "auto"}, item.content) : null,
    item.map
      ? h("a", {class: "map", href: item.map, target: "_blank", rel: "noopener noreferrer"}, "Open in OpenStreetMap")
      : null,
    item.gone ? h("div", {class: "bubble gone"}, item.gone) : null,
    drawFiles(item, actions),
    h(
      "div",
      {class: "meta"},
      h("time", {datetime: item.at}, item.clock),
      item.auto ? "automatic" : null,
      item.keyword ? `keyword: ${item.keyword}` : null,
      item.status ? h("span", {class: `status ${item.tone}`}, item.status) : null,
      item.scheduled ? `for ${item.scheduled}` : null,
      item.scheduled && actions.mayAct()
        ? h("button", {class: "link", type: "button", onclick: () => actions.callOff(item.sid)}, "Call off")
        : null,
      item.mine && size
        ? h("span", {title: `${item.encoding || ""} from ${item.sender || "the service"}`}, size)
        : null,
    ),
    item.failure ? drawFailure(item.failure) : null,
  )
}

function drawFailure(failure) {
  return h(
    "div",
    {class: "why"},
    // In a notebook there is no page of messages to lead to.
    codeButton(failure, /\/inbox$/.test(location.pathname)),
    h("span", {}, failure.facts[0][1]),
    h("span", {}, failure.facts[2][1]),
  )
}

function drawFiles(item, actions) {
  if (!item.media.length && !item.unlisted) {
    return null
  }
  return h(
    "div",
    {class: "files"},
    item.media.map((file) => {
      const slot = h("span", {class: "file"})
      if (actions.file(file.sid)) {
        slot.append(actions.file(file.sid))
        return slot
      }
      const button = h(
        "button",
        {
          class: "quiet file",
          type: "button",
          onclick: async () => {
            button.disabled = true
            const shown = await actions.media(file.sid)
            if (shown) {
              slot.replaceChildren(shown)
            } else {
              button.disabled = false
            }
          },
        },
        icon("clip", 14),
        `Show ${file.type || "attachment"}`,
      )
      slot.append(button)
      return slot
    }),
    item.unlisted ? h("span", {class: "chip"}, item.unlisted) : null,
  )
}

// The bytes came through Python: an image is shown only where it is one, the rest is a file to save.
function drawFile(file, name) {
  const bytes = Uint8Array.from(atob(file.data), (letter) => letter.charCodeAt(0))
  const url = URL.createObjectURL(new Blob([bytes], {type: file.image || "application/octet-stream"}))
  return file.image
    ? h("img", {class: "picture", src: url, alt: "Attachment of this message"})
    : h("a", {class: "quiet", href: url, download: name}, `Save ${file.type}`)
}

// Beside the messages: what people here decided, who the contact is, and what is on record.
function drawAbout(thread, actions) {
  return [
    decidedSection(thread, actions),
    contactSection(thread, actions),
    recordSection(thread),
    customerSection(thread, actions),
  ]
}

function decidedSection(thread, actions) {
  const fixed = !actions.mayAct() || isNew(thread)
  const adding = h("input", {
    type: "text",
    disabled: fixed,
    placeholder: "Add a label",
    "aria-label": "Add a label",
    onkeydown: (event) => {
      if (event.key === "Enter" && adding.value.trim()) {
        actions.decide("label", adding.value)
      }
    },
  })
  const owner = ownerField(thread.assignee, actions.owners(), {
    disabled: fixed,
    "aria-label": "Assigned to",
    onchange: () => actions.decide("assignee", owner.value),
  })
  const takeOver = () => actions.decide("assignee", actions.me())
  return h(
    "section",
    {},
    h("h3", {}, "Conversation"),
    h(
      "div",
      {class: "tags"},
      thread.labels.map((label) => labelChip(label, fixed, actions)),
    ),
    adding,
    h("label", {style: "margin-top:10px"}, "Assigned to", owner),
    thread.assignee !== actions.me() && !fixed
      ? h("button", {class: "link", type: "button", onclick: takeOver}, "Assign to me")
      : null,
  )
}

// A choice of those who are here; without sign-in any name can be written.
function ownerField(assignee, owners, attributes) {
  if (!owners) {
    return h("input", {...attributes, type: "text", value: assignee || null, placeholder: "Nobody"})
  }
  const isKnown = owners.some(([name]) => name === assignee)
  const all = isKnown ? owners : [...owners, [assignee, `${assignee}, no longer here`]]
  return h(
    "select",
    attributes,
    all.map(([value, text]) => h("option", {value, selected: value === assignee}, text)),
  )
}

function labelChip(label, fixed, actions) {
  const remove = () => actions.decide("unlabel", label)
  const attributes = {type: "button", "aria-label": `Remove the label ${label}`, onclick: remove}
  return h("span", {class: "chip"}, label, fixed ? null : h("button", attributes, icon("close", 12)))
}

function contactSection(thread, actions) {
  const saved = (field, label, value, hint) => {
    const input = h("input", {
      type: "text",
      disabled: !actions.mayAct(),
      value: value || null,
      placeholder: hint,
      "data-field": field,
      onchange: () => actions.contact(field, input.value),
    })
    return h("label", {}, label, input)
  }
  return h(
    "section",
    {},
    h("h3", {}, "Contact"),
    saved("name", "Name", thread.name, "Unnamed"),
    saved("labels", "Labels, with commas between", thread.contact_labels.join(", "), "None"),
    saved("language", "Language", thread.language, "en"),
    saved("time_zone", "Time zone", thread.zone, thread.local ? `${thread.local.zone} by number` : "Unknown"),
  )
}

function recordSection(thread) {
  const fact = (term, text) => (text ? [h("dt", {}, term), h("dd", {}, text)] : null)
  const source = thread.consent.source ? `, ${thread.consent.source}` : ""
  return h(
    "section",
    {},
    h("h3", {}, "On record"),
    h(
      "dl",
      {},
      fact("Consent", thread.consent.text + source),
      fact("Kind", thread.kind),
      fact("Profile", thread.profile),
      fact("Country", thread.country ? countryName(thread.country) : ""),
      fact("Since", thread.first),
      fact("Also", thread.others.join(", ")),
    ),
  )
}
