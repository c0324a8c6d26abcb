// Sends an answer. It waits some seconds before it goes, so that it can be taken back; then it is asked how that ended.

const UNDO_SECONDS = 10
const LOOK_EVERY_MS = 700
const NEXT_KEY = "workbench-inbox-next"

class ReplySending {
  constructor(composer) {
    this.composer = composer
  }

  async send(isConfirmed) {
    const {composer} = this
    const {id, state, actions, drafts} = composer
    drafts.forgetToKeep()
    state.key = state.key || newKey()
    Object.assign(state, {isSending: true, outcome: "", isKept: true})
    composer.isConfirming = false
    composer.draw()
    try {
      const {body, key, later} = state
      const answer = await actions.send(id, body, key, composer.fileIds, isConfirmed, UNDO_SECONDS, later?.at)
      const {state: how, text, seconds} = answer
      state.isSending = false
      if (how === "queued") {
        this.follow(id, seconds)
        this.goOn(id)
      } else if (how === "unconfirmed") {
        composer.check()
        composer.waitForVerdict()
      } else {
        this.end(id, how, text)
        if (how === "scheduled") {
          this.goOn(id)
        }
      }
    } catch (error) {
      Object.assign(state, {isSending: false, outcome: error.message, hasFailed: true, isKept: false})
      if (id === composer.id) {
        drafts.keepSoon(id)
      }
    }
    composer.redraw(id)
  }

  // Counts down until the reply is sent, then asks how that ended.
  follow(id, seconds) {
    const state = this.composer.drafts.of(id)
    state.sendAt = Date.now() + seconds * 1000
    clearInterval(state.looking)
    state.looking = setInterval(() => this.look(id), LOOK_EVERY_MS)
    this.composer.redraw(id)
  }

  async look(id) {
    const state = this.composer.drafts.of(id)
    if (Date.now() < state.sendAt || state.isLooking) {
      this.composer.redraw(id)
      return
    }
    state.isLooking = true
    try {
      const {state: how, text} = await this.composer.actions.status(id, state.key)
      if (!["queued", "sending"].includes(how) && state.sendAt) {
        this.end(id, how, text)
        if (how === "scheduled") {
          this.goOn(id)
        }
      }
    } catch (error) {
      console.warn("how far the reply is could not be asked", error)
    }
    state.isLooking = false
  }

  // Takes back what waits.
  async unsend() {
    const {id, state, actions, text} = this.composer
    try {
      await actions.unsend(id)
      this.stop(state)
    } catch (error) {
      state.outcome = error.message
    }
    this.composer.redraw(id)
    text.focus()
  }

  stop(state) {
    clearInterval(state.looking)
    Object.assign(state, {sendAt: 0, isSending: false})
  }

  end(id, how, text) {
    const {composer} = this
    const state = composer.drafts.of(id)
    const isDone = ["sent", "already_sent", "scheduled"].includes(how)
    this.stop(state)
    Object.assign(state, {outcome: text, hasFailed: !isDone})
    // What was not surely sent keeps its key: under it the outbox takes a refused text again, and finds an unclear one.
    if (isDone) {
      Object.assign(state, {body: "", key: "", files: [], later: null})
      composer.actions.noteDraft(id, false)
    } else if (id !== composer.id) {
      composer.actions.tell(how === "unclear" ? text : `An answer was not sent. ${text}`, {open: id})
    }
    composer.redraw(id)
  }

  goOn(id) {
    if (this.opensNext && id === this.composer.id) {
      this.composer.actions.next()
    }
  }

  // A choice of the person in this browser.
  get opensNext() {
    return localStorage.getItem(NEXT_KEY) === "1"
  }

  set opensNext(on) {
    localStorage.setItem(NEXT_KEY, on ? "1" : "0")
  }
}
