// What is written to each conversation, and what became of it; kept on the server, so that it is there after a reload.

const KEEP_AFTER_MS = 700

class Drafts {
  // `actions` as in inbox_actions.js.
  constructor(actions) {
    this.actions = actions
    // By conversation. Nothing of one is ever shown at another.
    this.states = new Map()
    this.keeping = 0
  }

  of(id) {
    if (!this.states.has(id)) {
      const sending = {outcome: "", hasFailed: false, sendAt: 0, isSending: false}
      const fresh = {body: "", mode: "reply", key: "", files: [], coming: [], later: null, ...sending}
      this.states.set(id, {...fresh, isKept: true, isKnown: false, looking: 0})
    }
    return this.states.get(id)
  }

  // Takes what the server kept of an earlier visit, unless something was written here meanwhile; whether it took it.
  adopt(id, kept) {
    const state = this.of(id)
    if (state.isKnown) {
      return false
    }
    state.isKnown = true
    if (!kept || state.body || state.files.length) {
      return false
    }
    Object.assign(state, {body: kept.body, mode: kept.mode, key: kept.key, files: kept.files})
    Object.assign(state, {outcome: kept.problem, hasFailed: Boolean(kept.problem)})
    return true
  }

  keepSoon(id) {
    clearTimeout(this.keeping)
    this.keeping = setTimeout(() => this.keepNow(id), KEEP_AFTER_MS)
  }

  async keepNow(id) {
    this.forgetToKeep()
    const state = this.of(id)
    if (!id || state.isKept || !this.actions.mayAct()) {
      return
    }
    state.isKept = true
    const before = state.key
    const {kept, key} = await this.actions.keep(id, state.body, state.mode, before, state.files.length > 0)
    // Of two windows' keys the first one counts, so that one text written in both of them goes once.
    if (state.key === before && !isUnderWay(state)) {
      state.key = key
    }
    if (!kept) {
      state.isKept = false
    }
  }

  forgetToKeep() {
    clearTimeout(this.keeping)
  }
}

// Whether it is being sent, or waits for its seconds to be over.
function isUnderWay(state) {
  return Boolean(state.sendAt) || state.isSending
}

// The key of what is written here until it is sent: the same text sent again is the same message, and goes once only.
function newKey() {
  return crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`
}
