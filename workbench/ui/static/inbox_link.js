// The line to Python, the same in a notebook (anywidget) and on a page (Panel). Everything goes as messages, never
// as widget state, so that a saved notebook holds no text and no number.

Object.assign(ICONS, {
  stop: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.7 5.7l12.6 12.6",
})

const ANSWER_WITHIN_MS = 60_000
// After so long without any answer the person is told; the question goes on waiting.
const SILENT_AFTER_MS = 8_000

// A widget's model sends and reads in one way, a Panel component's in another.
function isNotebook(model) {
  return typeof model.get === "function"
}

function trait(model, name) {
  return isNotebook(model) ? model.get(name) : model[name]
}

const WORDS = {
  notebook: {
    silent:
      "The kernel does not answer. If it runs another cell, this goes on by itself afterwards; if it has ended, run this cell again.",
    gone: "The kernel was restarted or has ended: run this cell again. Nothing is sent or saved from here any more.",
  },
  page: {
    silent:
      "The server does not answer. If it is busy, this goes on by itself; if it was restarted, load the page again.",
    gone: "The server has ended this page: load it again. Nothing is sent or saved from here any more.",
  },
}

// A question that nobody answered: the link has told the person already.
class NoAnswer extends Error {}

class Link {
  // Args: `onChange` gets what is wrong with the line in words, "" when nothing is; `onNews` what Python pushes.
  constructor(model, onChange, onNews = () => {}) {
    this.model = model
    this.onChange = onChange
    this.onNews = onNews
    this.words = WORDS[isNotebook(model) ? "notebook" : "page"]
    this.trouble = ""
    this.isGone = false
    this.prefix = Math.random().toString(36).slice(2)
    this.open = new Map()
    this.count = 0
    this.silence = 0
    this.receive = (data) => this.take(data)
    this.end = () => this.leave()
    model.on("msg:custom", this.receive)
    if (isNotebook(model)) {
      // What Jupyter says of a widget whose kernel was restarted.
      model.on("comm_live_update", this.end)
    }
  }

  ask(name, fields = {}) {
    const id = `${this.prefix}:${++this.count}`
    return new Promise((resolve, reject) => {
      if (this.isGone) {
        reject(new NoAnswer(this.trouble))
        return
      }
      const timer = setTimeout(() => {
        this.open.delete(id)
        reject(new NoAnswer(this.words.silent))
      }, ANSWER_WITHIN_MS)
      this.open.set(id, {resolve, reject, timer})
      this.silence = this.silence || setTimeout(() => this.say(this.words.silent), SILENT_AFTER_MS)
      this.post({id, ask: name, ...fields})
    })
  }

  post(question) {
    // Only what JSON has: one of the two hosts cannot carry anything else.
    const data = JSON.parse(JSON.stringify(question))
    try {
      if (isNotebook(this.model)) {
        this.model.send(data)
      } else {
        this.model.send_msg(data)
      }
    } catch (error) {
      console.warn("the line to Python is closed", error)
      this.leave()
    }
  }

  take(data) {
    const news = data?.news || data?.data?.news
    if (news) {
      this.onNews(news)
      return
    }
    const answer = data?.id !== undefined ? data : data?.data
    const waiting = answer && this.open.get(answer.id)
    if (!waiting) {
      return
    }
    this.open.delete(answer.id)
    clearTimeout(waiting.timer)
    this.hear()
    if (answer.error) {
      waiting.reject(new Error(answer.error))
    } else {
      waiting.resolve(answer.ok)
    }
  }

  // Somebody answers: the wait for the rest begins anew.
  hear() {
    clearTimeout(this.silence)
    this.silence = this.open.size ? setTimeout(() => this.say(this.words.silent), SILENT_AFTER_MS) : 0
    this.say("")
  }

  say(trouble) {
    if (!this.isGone && this.trouble !== trouble) {
      this.trouble = trouble
      this.onChange(trouble)
    }
  }

  // Nobody will ever answer again.
  leave() {
    this.say(this.words.gone)
    this.isGone = true
    const waiting = [...this.open.values()]
    this.close()
    for (const {reject} of waiting) {
      reject(new NoAnswer(this.trouble))
    }
  }

  close() {
    this.model.off("msg:custom", this.receive)
    if (isNotebook(this.model)) {
      this.model.off("comm_live_update", this.end)
    }
    clearTimeout(this.silence)
    for (const {timer} of this.open.values()) {
      clearTimeout(timer)
    }
    this.open.clear()
  }
}

// Whether the person can see this page now, and works with it.
function isInFront() {
  return document.visibilityState === "visible" && document.hasFocus()
}

// The bell says that something is unread; an inbox on the same page may show it already.
const UNREAD_EVENT = "workbench-unread"

// Calls `look` when the page comes to the front, and when the bell has news. Returns what ends it.
function followFront(look) {
  document.addEventListener("visibilitychange", look)
  addEventListener("focus", look)
  addEventListener(UNREAD_EVENT, look)
  return () => {
    document.removeEventListener("visibilitychange", look)
    removeEventListener("focus", look)
    removeEventListener(UNREAD_EVENT, look)
  }
}

function shadowOf(el, css) {
  const root = el.shadowRoot || el.attachShadow({mode: "open"})
  root.replaceChildren(h("style", {}, css))
  return root
}

// JupyterLab and VS Code say on the body which theme they wear; a page says it through a CSS variable.
function followHost(el) {
  const look = () => {
    const lab = document.body.dataset.jpThemeLight
    const code = document.body.dataset.vscodeThemeKind || ""
    if (lab !== undefined) {
      el.style.colorScheme = lab === "false" ? "dark" : "light"
    } else if (code) {
      el.style.colorScheme = code.includes("dark") ? "dark" : "light"
    }
  }
  look()
  const observer = new MutationObserver(look)
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"],
  })
  return () => observer.disconnect()
}
