// The line to Python, the same in a notebook (anywidget) and on a page (Panel). Everything goes as messages, never
// as widget state, so that a saved notebook holds no text and no number.

Object.assign(ICONS, {
  stop: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.7 5.7l12.6 12.6",
})

const ANSWER_WITHIN_MS = 60_000

// A widget's model sends and reads in one way, a Panel component's in another.
function trait(model, name) {
  return typeof model.get === "function" ? model.get(name) : model[name]
}

function connect(model) {
  const prefix = Math.random().toString(36).slice(2)
  const open = new Map()
  let count = 0
  const post = typeof model.send === "function" ? (data) => model.send(data) : (data) => model.send_msg(data)
  const receive = (data) => {
    const answer = data?.id !== undefined ? data : data?.data
    const waiting = answer && open.get(answer.id)
    if (!waiting) {
      return
    }
    open.delete(answer.id)
    clearTimeout(waiting.timer)
    if (answer.error) {
      waiting.reject(new Error(answer.error))
    } else {
      waiting.resolve(answer.ok)
    }
  }
  model.on("msg:custom", receive)
  return {
    ask(name, fields = {}) {
      const id = `${prefix}:${++count}`
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          open.delete(id)
          reject(
            new Error("No answer. If the kernel or the server was restarted, run the cell or load the page again."),
          )
        }, ANSWER_WITHIN_MS)
        open.set(id, {resolve, reject, timer})
        // Only what JSON has: one of the two hosts cannot carry anything else.
        post(JSON.parse(JSON.stringify({id, ask: name, ...fields})))
      })
    },
    close() {
      model.off("msg:custom", receive)
      for (const {timer} of open.values()) {
        clearTimeout(timer)
      }
      open.clear()
    },
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
