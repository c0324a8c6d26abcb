// Beside the messages: what the contact cost, what they said about being messaged, and their other conversations.

// The last answer, by the conversation and what would change it: the panel is drawn more often than that.
const customers = {key: "", answer: null}

function customerSection(thread, actions) {
  const box = h("div", {class: "customer", "aria-live": "polite"})
  const last = thread.items[thread.items.length - 1]
  const key = [thread.id, thread.received, thread.sent, thread.consent.text, last ? last.status : ""].join("|")
  if (customers.key === key) {
    fill(box, drawCustomer(customers.answer, actions))
    return box
  }
  fill(box, h("p", {class: "customer-note"}, "Loading …"))
  actions
    .customer()
    .then((answer) => {
      Object.assign(customers, {key, answer})
      fill(box, drawCustomer(answer, actions))
    })
    .catch((error) => fill(box, h("p", {class: "customer-note"}, error.message)))
  return box
}

function drawCustomer(customer, actions) {
  const fact = (term, text) => (text ? [h("dt", {}, term), h("dd", {}, text)] : null)
  const unpriced = customer.unpriced ? `, ${counted(customer.unpriced)} not priced yet` : ""
  return [
    h(
      "section",
      {},
      h("h3", {}, "This person, all conversations"),
      h(
        "dl",
        {},
        fact("Messages", `${counted(customer.received)} in, ${counted(customer.sent)} out`),
        fact("Not delivered", customer.failed ? counted(customer.failed) : ""),
        fact("Cost so far", `${customer.costs.join(" + ") || "none"}${unpriced}`),
        fact("Opted out of", customer.blocked.join("; ")),
      ),
    ),
    customer.consent.length ? h("section", {}, h("h3", {}, "Consent history"), drawConsentSteps(customer)) : null,
    customer.others.length
      ? h("section", {}, h("h3", {}, "Other conversations"), drawOtherConversations(customer, actions))
      : null,
  ]
}

function drawConsentSteps(customer) {
  return [
    h(
      "ol",
      {class: "steps"},
      customer.consent.map((step) =>
        h("li", {class: step.kind}, h("b", {}, step.text), h("span", {}, `${step.at}, ${step.detail}`)),
      ),
    ),
    customer.more_consent ? h("p", {class: "customer-note"}, `${counted(customer.more_consent)} older`) : null,
  ]
}

function drawOtherConversations(customer, actions) {
  return [
    customer.others.map((other) =>
      h(
        "button",
        {class: "other", type: "button", onclick: () => actions.open(other.id)},
        h("b", {}, `with ${other.side}`),
        h("span", {}, `${other.contact}, ${other.messages}, last ${other.last}`),
      ),
    ),
    customer.more_others ? h("p", {class: "customer-note"}, `${counted(customer.more_others)} more`) : null,
  ]
}
