// One text to many: what preflight says of all of them, and a typed number before anything goes.

const PROGRESS_EVERY_MS = 1_500
const CHECK_AFTER_MS = 600

function noun(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`
}

class BatchComposer {
  constructor(model, el) {
    this.el = el
    this.link = new Link(model, (trouble) => this.tellOfLink(trouble))
    this.state = {count: 0, columns: [], verdict: null, running: false, progress: {}, result: null, trouble: ""}
    this.latestCheck = 0
    this.timer = 0
    el.style.setProperty("--inbox-height", "auto")
    this.build(shadowOf(el, CSS))
    this.start()
    this.leave = this.listen()
  }

  build(root) {
    this.text = h("textarea", {
      rows: 4,
      "aria-label": "Text",
      placeholder: "Write the text; {{ column }} is filled for each recipient",
      oninput: () => this.check(),
    })
    this.typed = h("input", {
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      "aria-label": "How many recipients",
    })
    this.area = h("div")
    this.box = h("div", {class: "inbox"}, h("div", {class: "composer batch"}, this.text, this.area))
    root.append(this.box)
  }

  async start() {
    try {
      const started = await this.link.ask("start")
      Object.assign(this.state, {count: started.count, columns: started.columns})
      this.text.value = started.text
      this.take(started)
      this.check()
    } catch (error) {
      this.complain(error)
    }
  }

  // Returns what ends it all again.
  listen() {
    const unfollow = followHost(this.el)
    const watch = setInterval(() => this.lookForProgress(), PROGRESS_EVERY_MS)
    // What is typed here is nobody else's shortcut.
    for (const name of ["keydown", "keyup", "keypress"]) {
      this.box.addEventListener(name, (event) => event.stopPropagation())
    }
    return () => {
      clearInterval(watch)
      unfollow()
      this.link.close()
    }
  }

  // What is wrong with the line to Python, in the words of the link; "" when it answers again.
  tellOfLink(trouble) {
    this.state.trouble = trouble
    this.draw()
  }

  complain(error) {
    this.state.trouble = error.message
    this.draw()
  }

  async lookForProgress() {
    if (!this.state.running || this.link.isGone || !this.el.isConnected) {
      return
    }
    try {
      this.take(await this.link.ask("progress"))
    } catch (error) {
      this.state.trouble = error.message
    }
    this.draw()
  }

  // Asks for the verdict on the text a moment after the last key; the latest check alone counts.
  check() {
    clearTimeout(this.timer)
    this.state.verdict = null
    this.draw()
    if (!this.text.value.trim()) {
      return
    }
    const number = ++this.latestCheck
    this.timer = setTimeout(() => this.takeVerdict(number), CHECK_AFTER_MS)
  }

  async takeVerdict(number) {
    try {
      const verdict = await this.link.ask("check", {body: this.text.value})
      if (number === this.latestCheck) {
        Object.assign(this.state, {verdict, trouble: ""})
      }
    } catch (error) {
      if (number === this.latestCheck) {
        this.state.trouble = error.message
      }
    }
    this.draw()
  }

  async send() {
    try {
      this.take(await this.link.ask("send", {body: this.text.value, typed: this.typed.value}))
      this.state.trouble = ""
      this.typed.value = ""
    } catch (error) {
      this.state.trouble = error.message
    }
    this.draw()
  }

  async stop() {
    try {
      this.take(await this.link.ask("stop"))
    } catch (error) {
      this.complain(error)
    }
  }

  take({running, progress, result}) {
    const hasEnded = this.state.running && !running
    Object.assign(this.state, {running, progress, result})
    if (hasEnded) {
      this.check()
    }
  }

  draw() {
    const {columns, verdict, trouble, result, running, progress, count} = this.state
    this.text.disabled = running
    this.typed.disabled = running
    this.typed.placeholder = `Type ${count} to confirm`
    fill(
      this.area,
      columns.length
        ? h(
            "p",
            {class: "said"},
            "Blanks: ",
            columns.map((name) => h("code", {class: "chip"}, `{{ ${name} }}`)),
          )
        : null,
      verdict ? h("ul", {class: "previews"}, verdict.previews.map(drawPreview)) : null,
      verdict?.reasons.length ? h("ul", {class: "reasons"}, verdict.reasons.map(drawCountedReason)) : null,
      trouble ? h("p", {class: "said bad", role: "alert"}, trouble) : null,
      result ? h("p", {class: result.failed ? "said bad" : "said", role: "status"}, result.text) : null,
      running
        ? h("progress", {max: progress.total || 1, value: progress.done || 0, "aria-label": "Sent so far"})
        : null,
      h("div", {class: "foot"}, h("div", {class: "tally", role: "status"}, this.drawTally()), this.drawButtons()),
    )
  }

  drawTally() {
    const {running, progress, verdict, count} = this.state
    if (running) {
      const eta = progress.eta ? `, ${Math.ceil(progress.eta)} s to go` : ""
      return h("span", {}, `Sending ${counted(progress.done || 0)} of ${counted(progress.total || 0)}${eta}`)
    }
    if (!verdict) {
      return h("span", {}, this.text.value.trim() ? this.link.trouble || "Checking …" : `${counted(count)} recipients`)
    }
    return [
      h("span", {}, h("b", {}, counted(verdict.going)), ` of ${counted(count)} recipients`),
      h("span", {}, `${counted(verdict.segments)} segments`),
      h("span", {}, verdict.costs.length ? `about ${verdict.costs.join(" + ")}` : "price unknown"),
      verdict.verdicts.block ? h("span", {class: "said bad"}, `${counted(verdict.verdicts.block)} blocked`) : null,
      verdict.sent ? h("span", {}, `${counted(verdict.sent)} sent before`) : null,
    ]
  }

  drawButtons() {
    const {running, verdict} = this.state
    if (running) {
      return h("button", {class: "quiet", type: "button", onclick: () => this.stop()}, "Stop")
    }
    return [
      this.typed,
      h(
        "button",
        {class: "primary", type: "button", disabled: this.link.isGone || !verdict?.going, onclick: () => this.send()},
        "Send",
      ),
    ]
  }
}

function drawPreview(preview) {
  return h(
    "li",
    {},
    h("small", {}, `${preview.to}, ${noun(preview.segments, "segment")}`),
    h("div", {class: "bubble", dir: "auto"}, preview.text),
  )
}

function drawCountedReason(reason) {
  return h(
    "li",
    {class: reason.verdict},
    icon(reason.verdict === "block" ? "stop" : "warning", 14),
    h("span", {}, `${counted(reason.count)} × ${reason.text}`),
  )
}

function render({model, el}) {
  return new BatchComposer(model, el).leave
}

export default {render}
