function auditPlaces(model, choose) {
  const name = (place) => (place.key.includes("-") ? `– ${place.name}` : countryName(place.name))
  const select = h(
    "select",
    {"aria-label": `Recipients of ${model.title}`, onchange: () => choose({place: select.value})},
    h("option", {value: "", selected: !model.place}, "All places"),
    sortedPlaces(model.places).map((place) =>
      h("option", {value: place.key, selected: place.key === model.place}, `${name(place)} (${counted(place.rows)})`),
    ),
  )
  return h("div", {class: "work-bar"}, select)
}

// Each country, and below it its states by name.
function sortedPlaces(places) {
  const states = places.filter((place) => place.key.includes("-")).sort((a, b) => a.name.localeCompare(b.name))
  return places
    .filter((place) => !place.key.includes("-"))
    .flatMap((country) => [country, ...states.filter((state) => state.key.startsWith(`${country.key}-`))])
}

function auditLine(row, model, {opened, toggle}) {
  const isOpen = opened.has(row.sid)
  const facts = row.facts.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)])
  return h(
    "li",
    {class: "line", "data-key": row.sid},
    h(
      "button",
      {
        type: "button",
        class: "line-head",
        "aria-expanded": String(isOpen),
        title: "Show what it rests on",
        onclick: () => toggle(row.sid),
      },
      h("span", {class: isOpen ? "chevron open" : "chevron"}, icon("chevron", 13)),
      h("b", {}, row.contact),
      h("span", {class: "place"}, row.place),
      h("span", {class: "local"}, row.local ? `${row.local} there` : "local time unknown"),
    ),
    h("p", {class: isOpen ? "line-text whole" : "line-text", dir: "auto"}, row.text),
    isOpen ? h("dl", {}, facts) : null,
    workLinks(row, model),
  )
}

export function render(context) {
  const {model} = context
  const choose = (choice) => model.send_msg({choose: choice})
  return workPanel(context, ["places", "place"], (state) => [
    auditPlaces(model, choose),
    h(
      "ul",
      {class: "lines"},
      model.rows.map((row) => auditLine(row, model, state)),
    ),
    workMore(model, 25, (limit) => choose({place: model.place, limit})),
  ])
}
