// What the inbox tells of itself: above all else what is wrong, and for a while what was done, with a way back.

const TOLD_FOR_MS = 30_000

class Notices {
  // `does`: `undo` takes an action back, `open` opens a conversation, `noAnswer` hears that Python does not answer.
  constructor(does) {
    this.does = does
    this.telling = 0
    this.trouble = h("div", {class: "trouble", role: "alert", hidden: true})
    this.told = h("div", {class: "told", hidden: true}, h("span", {role: "status"}), h("span", {}))
  }

  // Says what was done, with a way back where there is one.
  tell(text, {undo, open} = {}) {
    const hide = () => {
      this.told.hidden = true
    }
    const button = (label, act) =>
      h(
        "button",
        {
          class: "link",
          type: "button",
          onclick: () => {
            hide()
            act()
          },
        },
        label,
      )
    this.told.hidden = false
    fill(this.told.firstChild, text)
    fill(
      this.told.lastChild,
      undo ? button("Undo", () => this.does.undo(undo)) : null,
      open ? button("Open it", () => this.does.open(open)) : null,
      button("Close", () => {}),
    )
    clearTimeout(this.telling)
    this.telling = setTimeout(hide, TOLD_FOR_MS)
  }

  // What is wrong for as long as it is; "" when it is over.
  showTrouble(text) {
    this.trouble.hidden = !text
    fill(this.trouble, h("span", {}, text))
  }

  complain(error) {
    if (error instanceof NoAnswer) {
      this.does.noAnswer(error.message)
      return
    }
    const close = () => {
      this.trouble.hidden = true
    }
    fill(
      this.trouble,
      h("span", {}, error.message),
      h("button", {class: "link", type: "button", onclick: close}, "Close"),
    )
    this.trouble.hidden = false
  }

  // Does the work and says what is wrong with it; whether it was done.
  async attempt(work) {
    try {
      await work()
      this.trouble.hidden = true
      return true
    } catch (error) {
      this.complain(error)
      return false
    }
  }
}
