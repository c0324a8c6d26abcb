// What the parts of the inbox may do: they know neither the inbox nor the line to Python.

function actionsOf(inbox) {
  return {...knownTo(inbox), ...readingOf(inbox), ...decidingOf(inbox), ...answeringOf(inbox), ...cannedOf(inbox)}
}

// What is known without asking.
function knownTo({state, link}) {
  return {
    me: () => state.actor,
    isOpening: () => Boolean(state.opening),
    hasList: () => !state.only,
    sends: () => state.sends && state.thread?.reachable,
    trouble: () => link.trouble,
    whyNot: () =>
      state.mayAct ? "Nothing can be sent from here." : "You may read here; answering takes the role of an agent.",
    mayAct: () => state.mayAct,
    owners: () => (state.anybody ? null : ownerChoices(state)),
    people: () => [...state.people, ...Object.keys(state.teams)],
    noAttachments: () => state.noAttachments,
  }
}

// Moving about, and reading more of the open conversation.
function readingOf(inbox) {
  const {state, link, notices, root} = inbox
  return {
    next: () => inbox.openNext(),
    open: (id) => inbox.open(id),
    back: () => inbox.close(true),
    toggleAbout: () => inbox.pane.about.classList.toggle("shown"),
    tell: (text, doing) => notices.tell(text, doing),
    who: () => inbox.pane.nameOfContact(),
    older: () => notices.attempt(() => showOlder(inbox)),
    file: (media) => inbox.pane.files[media],
    media: (media) => fetchFile(inbox, media),
    reveal: () => notices.attempt(() => inbox.pane.switchNumber(async () => (await link.ask("reveal")).address)),
    customer: () => link.ask("customer"),
    exportThread: () =>
      openExport(root, state.mayAct, (format, whole) =>
        notices.attempt(async () => {
          const {name, text} = await link.ask("export", {format, whole})
          saveFile(name, text)
        }),
      ),
  }
}

function decidingOf(inbox) {
  const {link, notices} = inbox
  return {
    decide: (kind, value, until) =>
      notices.attempt(async () => inbox.take(await link.ask("decide", {kind, value, until}))),
    contact: (field, value) => notices.attempt(async () => inbox.take(await link.ask("contact", {field, value}))),
  }
}

// All that becomes of an answer, from its first letter on.
function answeringOf(inbox) {
  const {state, link, notices, list, root} = inbox
  const taken = (result) => {
    inbox.take(result, true)
    return result
  }
  return {
    check: (body, files, at) => link.ask("check", {body, files, at}),
    send: async (conversation, body, key, files, confirmed, wait, at) =>
      taken(await link.ask("send", {conversation, body, key, files, confirmed, wait, at})),
    status: async (conversation, key) => taken(await link.ask("status", {conversation, key})),
    unsend: (conversation) => link.ask("unsend", {conversation}),
    callOff: (message) => notices.attempt(async () => inbox.take(await link.ask("call_off", {message}))),
    chooseMoment: (options, take) => openSendLater(root, state.zone, options, take),
    keep: (conversation, body, mode, key, hasFiles) => keepDraft(inbox, conversation, body, mode, key, hasFiles),
    noteDraft: (conversation, isThere) => list.noteDraft(conversation, isThere),
    attach: (conversation, key, {name, type, size}, offset, data) =>
      link.ask("attach", {conversation, key, name, type, size, offset, data}),
    detach: (conversation, file) => link.ask("detach", {conversation, file}),
    replyFile: (conversation, file) => link.ask("reply_file", {conversation, file}),
  }
}

function cannedOf({state, link}) {
  return {
    canned: () => state.canned,
    editsCanned: () => state.edits,
    fillCanned: (template, values) => link.ask("canned", {template, values}),
    saveCanned: async (template, title, shortcut, text) =>
      Object.assign(state, await link.ask("save_canned", {template, title, shortcut, text})),
    removeCanned: async (template) => Object.assign(state, await link.ask("remove_canned", {template})),
  }
}

async function showOlder(inbox) {
  const {fromEnd} = inbox.pane
  const {id: conversation, items} = inbox.state.thread
  const messages = items.length + 100
  inbox.take({thread: await inbox.link.ask("open", {conversation, messages})})
  inbox.pane.fromEnd = fromEnd
}

async function fetchFile({pane, link, notices}, media) {
  try {
    pane.files[media] = drawFile(await link.ask("media", {media}), media)
    return pane.files[media]
  } catch (error) {
    notices.complain(error)
    return null
  }
}

async function keepDraft(inbox, conversation, body, mode, key, hasFiles) {
  const hasDraft = Boolean(body.trim()) || hasFiles
  inbox.noteLink(conversation, hasDraft)
  try {
    const answer = await inbox.link.ask("draft", {conversation, body, mode, key})
    inbox.list.noteDraft(conversation, hasDraft)
    return answer
  } catch (error) {
    inbox.notices.complain(error)
    return {kept: false, key}
  }
}
