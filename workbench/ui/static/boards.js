// My pages: which there are, and the tiles of the open one.

function tileName(model, tile) {
  if (tile.kept !== undefined) {
    return "A view that is private to somebody else, or gone"
  }
  const [, words] = [...model.views, ...model.parts].find(([name]) => name === (tile.view || tile.part)) ?? []
  return words ?? (tile.view || tile.part)
}

function tileLine(model, tiles, index, save) {
  const tile = tiles[index]
  const name = tileName(model, tile)
  const moved = (to) => {
    const next = tiles.filter((_, other) => other !== index)
    next.splice(to, 0, tile)
    save(next)
  }
  const width = h(
    "select",
    {
      "aria-label": `Width of ${name}`,
      onchange: (event) =>
        save(tiles.map((each, other) => (other === index ? {...each, width: Number(event.target.value)} : each))),
    },
    model.widths.map((value) =>
      h("option", {value, selected: value === tile.width}, value === 12 ? "Whole width" : `${value} of 12`),
    ),
  )
  const button = (label, act, disabled) =>
    h("button", {type: "button", class: "quiet", "aria-label": `${label} ${name}`, disabled, onclick: act}, label)
  return h(
    "li",
    {class: "tile"},
    h("span", {class: "name"}, name),
    width,
    button("Up", () => moved(index - 1), index === 0),
    button("Down", () => moved(index + 1), index === tiles.length - 1),
    button("Remove", () => save(tiles.filter((_, other) => other !== index)), false),
  )
}

function addTile(model, tiles, save) {
  const options = (label, kind, pairs) =>
    pairs.length
      ? h(
          "optgroup",
          {label},
          pairs.map(([name, words]) => h("option", {value: `${kind} ${name}`}, words)),
        )
      : null
  const choose = (event) => {
    const [kind, name] = event.target.value.split(" ")
    save([...tiles, {view: kind === "view" ? name : "", part: kind === "part" ? name : "", width: 6}])
  }
  return h(
    "select",
    {"aria-label": "Add a tile", onchange: choose},
    h("option", {value: ""}, "Add a tile…"),
    options("Saved views", "view", model.views),
    options("Parts of pages", "part", model.parts),
  )
}

function editor(model) {
  const current = model.boards.find((board) => board.name === model.current)
  if (!current || !model.may_change) {
    return null
  }
  const title = h("input", {type: "text", value: current.title, maxlength: 100, "aria-label": "Title"})
  const shared = h("input", {type: "checkbox", checked: model.shared})
  const tiles = model.tiles
  const save = (next) => model.send_msg({save_page: {title: title.value, shared: shared.checked, tiles: next}})
  return h(
    "details",
    {class: "editor", open: !tiles.length},
    h("summary", {class: "quiet"}, "Arrange this page"),
    h(
      "ol",
      {},
      tiles.map((_, index) => tileLine(model, tiles, index, save)),
    ),
    h(
      "div",
      {class: "row"},
      addTile(model, tiles, save),
      title,
      h("label", {class: "flag"}, shared, "Everybody who signs in sees it"),
      h("button", {type: "button", class: "quiet", onclick: () => save(tiles)}, "Save"),
      h("button", {type: "button", class: "quiet", onclick: () => model.send_msg({delete_page: true})}, "Delete page"),
    ),
  )
}

function pageList(model) {
  const title = h("input", {type: "text", required: true, maxlength: 100, placeholder: "Title", "aria-label": "Title"})
  const add = (event) => {
    event.preventDefault()
    model.send_msg({add_page: title.value})
  }
  return h(
    "div",
    {class: "row"},
    model.boards.map((board) =>
      h(
        "a",
        {href: `my_pages?board=${board.name}`, "aria-current": board.name === model.current ? "page" : null},
        board.title,
      ),
    ),
    h("form", {class: "row", onsubmit: add}, title, h("button", {type: "submit", class: "quiet"}, "New page")),
  )
}

const FIRST_PAGE =
  "A page of your own has saved views of Explore and parts of the other pages, in the order that you choose. Give it a title."

export function render({model, view}) {
  const root = h("section", {class: "panel"})
  const draw = () => keepingPlace(root, paint)
  const paint = () => {
    if (model.state !== "ok") {
      fill(root, panelHead(model, root), placeholder(model))
      return
    }
    fill(
      root,
      model.boards.length ? null : h("p", {class: "lead"}, FIRST_PAGE),
      pageList(model),
      editor(model),
      model.notice ? h("p", {class: "notice", role: "alert"}, model.notice) : null,
      model.problems.map((problem) => h("p", {class: "notice"}, problem)),
    )
  }
  draw()
  model.on(
    ["boards", "tiles", "views", "parts", "widths", "problems", "notice", "state", "may_change", "current"],
    draw,
  )
  model.on("goto", () => {
    if (model.goto) {
      location.assign(model.goto)
    }
  })
  followTheme(model, view, root, () => {})
  return root
}
