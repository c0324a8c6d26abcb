// Why a search found a conversation: the text with what was searched marked in it, as plain text.

const HIT_WORDS = {name: "Name: ", label: "Label", note: "Note: ", number: "Number"}

function drawHit(hit) {
  const who = hit.why === "message" ? (hit.mine ? "You: " : "") : HIT_WORDS[hit.why]
  return h(
    "span",
    {class: "preview hit", dir: "auto"},
    hit.at ? h("small", {}, `${hit.at} · `) : null,
    who,
    hit.why === "label" && hit.text ? ": " : null,
    hit.text.slice(0, hit.start),
    hit.end > hit.start ? h("mark", {}, hit.text.slice(hit.start, hit.end)) : null,
    hit.text.slice(hit.end),
  )
}

// The other views that have what is searched, each a button that shows it.
function drawElsewhere(list, names, show) {
  const views = Object.entries(list.elsewhere).filter(([view]) => view !== "all")
  const shown = views.length ? views : Object.entries(list.elsewhere)
  return shown.map(([view, total]) =>
    h("button", {class: "quiet", type: "button", onclick: () => show({view})}, `${counted(total)} in ${names[view]}`),
  )
}
