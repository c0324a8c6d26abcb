// The files of an answer: chosen, dragged or pasted, sent to Python in parts, shown with a way to remove each.

// Base64 makes four letters of three bytes: each part but the last is a whole number of threes.
const PART_BYTES = 240_000

class AttachmentTray {
  constructor(composer) {
    this.composer = composer
    this.urls = new Map()
    this.input = h("input", {
      type: "file",
      multiple: true,
      class: "unseen",
      tabindex: -1,
      "aria-hidden": "true",
      onchange: () => this.choose(),
    })
    this.files = h("ul", {class: "attached", "aria-label": "Attachments"})
    this.element = h("div", {class: "tray", hidden: true}, this.files, this.input)
    composer.text.addEventListener("paste", (event) => this.takeFrom(event, event.clipboardData))
  }

  // The whole conversation takes what is dropped on it.
  listen(place) {
    const over = (on) => (event) => {
      if (this.carriesFiles(event.dataTransfer)) {
        event.preventDefault()
        place.classList.toggle("dropping", on && this.isOpen)
      }
    }
    place.addEventListener("dragover", over(true))
    place.addEventListener("dragleave", over(false))
    place.addEventListener("drop", (event) => {
      place.classList.remove("dropping")
      this.takeFrom(event, event.dataTransfer)
    })
  }

  carriesFiles(data) {
    return Boolean(data && [...data.types].includes("Files"))
  }

  // Why nothing can be attached now; empty where it can.
  get whyNot() {
    const {actions, isLocked, isNote} = this.composer
    if (!actions.sends()) {
      return actions.whyNot()
    }
    return actions.noAttachments() || (isLocked || isNote ? "Nothing can be attached now." : "")
  }

  get isOpen() {
    return Boolean(this.composer.id) && !this.whyNot
  }

  takeFrom(event, data) {
    if (!this.carriesFiles(data) || !data.files.length) {
      return
    }
    event.preventDefault()
    if (this.isOpen) {
      this.add([...data.files])
    } else {
      this.complain(this.composer.state, this.whyNot)
    }
  }

  choose() {
    const chosen = [...this.input.files]
    this.input.value = ""
    this.add(chosen)
  }

  // One after the other, so that each is checked beside those before it.
  async add(files) {
    const {composer} = this
    const {id, state} = composer
    state.key = state.key || newKey()
    Object.assign(state, {outcome: "", hasFailed: false, isKnown: true})
    const coming = files.map((file) => ({name: file.name, file, share: 0}))
    state.coming.push(...coming)
    this.show(id)
    for (const each of coming) {
      try {
        await this.upload(id, state, each)
      } catch (error) {
        this.complain(state, error.message)
      }
      state.coming = state.coming.filter((other) => other !== each)
      this.show(id)
    }
    composer.actions.noteDraft(id, Boolean(state.body.trim()) || state.files.length > 0)
  }

  async upload(id, state, each) {
    const {file} = each
    const about = {name: file.name.slice(-200), type: file.type.slice(0, 200), size: file.size}
    let offset = 0
    do {
      const part = await base64Of(file.slice(offset, offset + PART_BYTES))
      const answer = await this.composer.actions.attach(id, state.key, about, offset, part)
      offset += PART_BYTES
      each.share = Math.min(1, offset / file.size)
      this.take(state, answer)
      const added = answer.done ? answer.files.at(-1) : null
      if (added?.image && !this.urls.has(added.id)) {
        this.urls.set(added.id, URL.createObjectURL(file))
      }
      this.draw()
    } while (offset < file.size)
  }

  take(state, {key, files}) {
    Object.assign(state, {key, files})
  }

  async remove(id, state, file) {
    try {
      this.take(state, await this.composer.actions.detach(id, file.id))
      state.outcome = ""
    } catch (error) {
      this.complain(state, error.message)
    }
    this.composer.actions.noteDraft(id, Boolean(state.body.trim()) || state.files.length > 0)
    this.show(id)
    if (id === this.composer.id) {
      const next = this.files.querySelector("button")
      ;(next || this.composer.text).focus()
    }
  }

  complain(state, text) {
    Object.assign(state, {outcome: text, hasFailed: true})
    this.composer.draw()
  }

  // What is attached changed: the answer is checked again. What was said of it stays.
  show(id) {
    const {composer} = this
    if (id === composer.id) {
      composer.isConfirming = false
      composer.check()
    }
  }

  drawButton() {
    const {whyNot} = this
    const settings = this.composer.actions.noAttachments()
    // Where a setting is missing there is no button that does nothing, but a word about what is missing.
    if (settings) {
      return this.composer.actions.sends()
        ? h(
            "span",
            {class: "no-attach", tabindex: 0, title: settings},
            "No attachments",
            h("span", {class: "unseen"}, settings),
          )
        : null
    }
    return h(
      "button",
      {
        class: "link attach",
        type: "button",
        title: whyNot || "Attach a file; or drag it here, or paste a picture",
        disabled: Boolean(whyNot),
        onclick: () => this.input.click(),
      },
      icon("clip", 14),
      "Attach",
    )
  }

  draw() {
    const {id, state, isNote, isLocked} = this.composer
    const parts = isNote
      ? []
      : [...state.files.map((file) => this.drawFile(id, state, file, isLocked)), ...state.coming.map(drawComing)]
    this.element.hidden = !parts.length
    const ids = parts.length
      ? JSON.stringify([state.files, isLocked, state.coming.map((each) => [each.name, each.share])])
      : ""
    if (this.drawn !== `${id}:${ids}`) {
      this.drawn = `${id}:${ids}`
      fill(this.files, parts)
    }
  }

  drawFile(id, state, file, isLocked) {
    const remove = h(
      "button",
      {
        class: "quiet",
        type: "button",
        "aria-label": `Remove ${file.name}`,
        disabled: isLocked,
        onclick: () => this.remove(id, state, file),
      },
      icon("close", 12),
    )
    const preview = file.image ? this.drawPicture(id, file) : icon("clip", 16)
    return h(
      "li",
      {},
      preview,
      h("span", {class: "what"}, h("b", {title: file.name}, file.name), h("small", {}, sizeWords(file.size))),
      remove,
    )
  }

  drawPicture(id, file) {
    const image = h("img", {alt: file.name, src: this.urls.get(file.id) || null})
    if (!this.urls.has(file.id)) {
      this.fetchPicture(id, file, image)
    }
    return image
  }

  // After a reload the browser does not have the file any more: Python does.
  async fetchPicture(id, file, image) {
    try {
      const {image: type, data} = await this.composer.actions.replyFile(id, file.id)
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
      this.urls.set(file.id, URL.createObjectURL(new Blob([bytes], {type})))
      image.src = this.urls.get(file.id)
    } catch (error) {
      console.warn("an attachment could not be shown", error)
    }
  }
}

function drawComing({name, share}) {
  return h(
    "li",
    {class: "coming"},
    h(
      "span",
      {class: "what"},
      h("b", {}, name),
      h("progress", {max: 1, value: share, "aria-label": `Uploading ${name}`}),
    ),
  )
}

function sizeWords(bytes) {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

async function base64Of(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  let text = ""
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192))
  }
  return btoa(text)
}
