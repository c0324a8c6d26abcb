// A panel shows no number under the heading of other filters: each change of the filters has a number, and a
// panel hides what it has until it answers the latest one.

const ASKED = "__workbenchAsked"

// What all components of a page share; a document may hold several pages, as a notebook does.
function pageOf(model) {
  globalThis[ASKED] = globalThis[ASKED] ?? {}
  const pages = globalThis[ASKED]
  pages[model.page_key] = pages[model.page_key] ?? {asked: 0, isDrawn: false, panels: new Set()}
  return pages[model.page_key]
}

function markAll(page) {
  for (const mark of page.panels) {
    mark()
  }
}

// The number of the change that is about to be asked for; every panel is stale from now on.
function ask(model) {
  const page = pageOf(model)
  // Before the first drawing there is nothing to hide, and a question may be lost.
  if (page.isDrawn) {
    page.asked += 1
    markAll(page)
  }
  return page.asked
}

// The heading may change without a question, as at midnight.
function leadPanels(model) {
  model.on("asked", () => {
    const page = pageOf(model)
    page.asked = Math.max(page.asked, model.asked)
    markAll(page)
  })
}

function hideStale(model, root) {
  const page = pageOf(model)
  const mark = () => {
    const isStale = model.answered >= 0 && model.answered < page.asked
    root.toggleAttribute("data-stale", isStale)
    root.setAttribute("aria-busy", String(isStale || model.state === "loading"))
  }
  mark()
  page.panels.add(mark)
  model.on(["answered", "state"], () => {
    page.isDrawn = page.isDrawn || model.answered >= 0
    mark()
  })
  model.on("lifecycle:remove", () => page.panels.delete(mark))
}
