function facts(pairs) {
  return h(
    "dl",
    {class: "facts"},
    pairs.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
  )
}

function card(title, ...content) {
  return h("section", {class: "box"}, h("h3", {}, title), content)
}

function historyBox(record) {
  if (!record.history.length) {
    return card("History", h("p", {class: "muted"}, "No change of status was noted for this message."))
  }
  return card(
    "History",
    h(
      "ol",
      {class: "history"},
      record.history.map((event) =>
        h(
          "li",
          {},
          h("strong", {}, event.status),
          h("span", {}, event.time),
          h("span", {class: "muted"}, event.source),
        ),
      ),
    ),
  )
}

function textBox(record) {
  const parts = record.segments.parts
  const shown = parts
    ? h(
        "p",
        {class: "body"},
        parts.map((part, index) =>
          h(
            "span",
            {class: index % 2 ? "segment odd" : "segment", title: `Segment ${index + 1} of ${parts.length}`},
            part,
          ),
        ),
      )
    : h("p", {class: "body muted"}, record.text)
  return card(
    "Text",
    shown,
    parts ? h("p", {class: "muted"}, record.segments.summary) : null,
    parts && record.segments.forcing.length
      ? h(
          "p",
          {},
          "UCS-2 because of ",
          record.segments.forcing.map((char, index) => [index ? ", " : "", h("code", {}, char)]),
        )
      : null,
    parts && record.segments.differs ? h("p", {class: "muted"}, record.segments.differs) : null,
    record.text_page
      ? h("p", {}, h("a", {href: record.text_page}, "This text: its replies, cost and cheaper form"))
      : null,
  )
}

function threadBox(record, model) {
  if (!record.thread.length) {
    return null
  }
  return card(
    "Conversation",
    h(
      "ol",
      {class: "thread"},
      record.thread.map((message) =>
        h(
          "li",
          {class: `${message.is_ours ? "ours" : "theirs"}${message.is_open ? " open" : ""}`},
          h("p", {class: "said"}, message.media ? icon("clip", 13) : null, message.text),
          h(
            "p",
            {class: "under"},
            message.is_open
              ? `${message.time} · ${message.status}`
              : h(
                  "button",
                  {
                    type: "button",
                    class: "plain",
                    title: "Open this message",
                    onclick: () => model.send_msg({row_list: {message: [message.sid]}}),
                  },
                  `${message.time} · ${message.status}`,
                ),
          ),
        ),
      ),
    ),
    record.thread_note ? h("p", {class: "muted"}, record.thread_note) : null,
    record.conversation ? h("p", {}, h("a", {href: record.conversation}, "Open in the inbox")) : null,
  )
}

export function render({model, view}) {
  const root = h("section", {class: "message"})
  const draw = () =>
    keepingPlace(root, () => {
      if (model.state !== "ok") {
        fill(root, h("div", {class: "panel"}, placeholder(model)))
        return
      }
      const record = model.record
      if (!record.sid) {
        return
      }
      fill(
        root,
        h(
          "header",
          {class: "panel top"},
          h(
            "div",
            {class: "what"},
            h("span", {class: "dot", style: `background: var(--wb-${record.outcome})`}),
            h("h2", {}, record.status),
            record.error ? h("span", {class: "reason"}, `${record.error.code} ${record.error.title}`) : null,
          ),
          h("code", {class: "sid"}, record.sid),
          record.error ? h("div", {class: "explained"}, codeBody(record.error)) : null,
        ),
        h(
          "div",
          {class: "columns"},
          h("div", {class: "column"}, textBox(record), threadBox(record, model)),
          h(
            "div",
            {class: "column"},
            card("Details", facts(record.facts), h("p", {class: "muted"}, `Times in ${record.timezone}.`)),
            historyBox(record),
            record.media.length
              ? card(
                  "Attachments",
                  h(
                    "dl",
                    {class: "facts"},
                    record.media.map(([sid, type]) => [h("dt", {}, type), h("dd", {}, h("code", {}, sid))]),
                  ),
                )
              : null,
          ),
        ),
      )
    })
  draw()
  // What was said just before and after is around it, not at the top of the list.
  const showOpen = () =>
    requestAnimationFrame(() => {
      const list = root.querySelector(".thread"),
        open = root.querySelector(".thread .open")
      if (list && open) {
        list.scrollTop = open.offsetTop - list.offsetTop - list.clientHeight / 2
      }
    })
  showOpen()
  model.on("record", showOpen)
  model.on(["record", "state", "message"], draw)
  followTheme(model, view, root, () => {})
  hideStale(model, root)
  return root
}
