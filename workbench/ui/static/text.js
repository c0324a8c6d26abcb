function words(text) {
  const pieces = text.parts.map(([piece, mark]) =>
    mark ? h("mark", {title: "Forces UCS-2"}, piece) : document.createTextNode(piece),
  )
  return h("blockquote", {}, pieces.length && text.parts[0][0] ? pieces : h("span", {class: "muted"}, "Words not kept"))
}

function sizes(text) {
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", {scope: "col"}, "Final messages"),
        h("th", {scope: "col"}, "Billed as"),
        h("th", {scope: "col"}, "Length"),
      ),
    ),
    h(
      "tbody",
      {},
      text.sizes.map((cells) =>
        h(
          "tr",
          {},
          cells.map((cell) => h("td", {}, cell)),
        ),
      ),
    ),
  )
}

function forcing(text) {
  return text.forcing.length
    ? h(
        "p",
        {},
        h("strong", {}, "Characters that cost: "),
        text.forcing.map(([character, name], at) => [at ? ", " : "", h("code", {}, character), ` ${name}`]),
        ". One of them turns the whole text into UCS-2, with 70 characters to a segment instead of 160.",
      )
    : null
}

function cheaper(text) {
  if (!text.instead) {
    return text.advice ? h("p", {class: "muted"}, text.advice) : null
  }
  return h(
    "div",
    {class: "cheaper"},
    h("h3", {}, "The cheaper text, in GSM-7"),
    h("blockquote", {}, text.instead),
    h(
      "p",
      {},
      copyButton(text.instead),
      text.saves ? h("span", {class: "muted"}, `${text.saves} in this period.`) : null,
    ),
  )
}

function one(text, isServed) {
  const number = text.rows && isServed ? h("a", {href: text.rows}, text.messages) : text.messages
  return h(
    "article",
    {},
    words(text),
    h("p", {class: "muted"}, number, text.when ? `, ${text.when}` : ""),
    text.note ? h("p", {class: "muted"}, text.note) : null,
    text.sizes.length ? sizes(text) : null,
    forcing(text),
    cheaper(text),
  )
}

export function render({model, view}) {
  const head = h("div", {})
  const body = h("div", {class: "texts"})
  const root = h("section", {class: "panel"}, head, body)
  const draw = () =>
    keepingPlace(root, () => {
      fill(head, panelHead(model, root))
      const isOk = model.state === "ok"
      fill(body, isOk ? model.texts.map((text) => one(text, Boolean(model.links.csv))) : placeholder(model))
    })
  draw()
  model.on(["texts", "state", "message", "definition", "links"], draw)
  followTheme(model, view, root, () => {})
  hideStale(model, root)
  return root
}
