// Run in the page with one argument: { role, name | part } | { label } | { text } | { css }, and
// `choices` to be told what there is instead. Knows the roles and names that the interface uses,
// not the whole of the accessible name computation.
const query = arguments[0];
const IMPLICIT = [
  ["button", "button, summary, input[type=button], input[type=submit]"],
  ["link", "a[href]"],
  ["checkbox", "input[type=checkbox]"],
  ["radio", "input[type=radio]"],
  ["searchbox", "input[type=search]"],
  ["spinbutton", "input[type=number]"],
  ["textbox", "input:not([type]), input[type=text], input[type=email], input[type=url], input[type=password], textarea"],
  ["combobox", "select"],
  ["option", "option"],
  ["heading", "h1, h2, h3, h4, h5, h6"],
  ["list", "ul, ol"],
  ["listitem", "li"],
  ["navigation", "nav"],
  ["main", "main"],
  ["complementary", "aside"],
  ["region", "section[aria-label], section[aria-labelledby]"],
  ["dialog", "dialog[open]"],
  ["status", "output"],
  ["img", "img"],
  ["table", "table"],
  ["row", "tr"],
  ["cell", "td"],
  ["columnheader", "th"],
];
const tidy = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const roleOf = (element) => {
  const given = element.getAttribute("role");
  if (given) return given.split(" ")[0];
  return IMPLICIT.find(([, selector]) => element.matches(selector))?.[0] ?? "";
};
const contentOf = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (node.nodeType !== Node.ELEMENT_NODE || node.getAttribute("aria-hidden") === "true") return "";
  const label = node.getAttribute("aria-label") ?? node.getAttribute("alt");
  if (label) return ` ${label} `;
  const inner = [...node.childNodes].map(contentOf).join("");
  return getComputedStyle(node).display.startsWith("inline") ? inner : ` ${inner} `;
};
const nameOf = (element) => {
  const by = element.getAttribute("aria-labelledby");
  if (by) return tidy(by.split(/\s+/).map((id) => document.getElementById(id)?.textContent).join(" "));
  const own = element.getAttribute("aria-label") ?? element.getAttribute("alt");
  if (own) return tidy(own);
  if (element.labels?.length) return tidy([...element.labels].map(contentOf).join(" "));
  const field = ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);
  if (field) return tidy(element.getAttribute("placeholder") ?? element.getAttribute("title") ?? "");
  return tidy(contentOf(element)) || tidy(element.getAttribute("title"));
};
const isVisible = (element) =>
  element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
const withRole = (role) => {
  const implicit = IMPLICIT.find(([name]) => name === role)?.[1];
  const selector = [`[role~="${role}"]`, implicit].filter(Boolean).join(", ");
  return [...document.querySelectorAll(selector)].filter(
    (element) => isVisible(element) && roleOf(element) === role,
  );
};
const fields = () =>
  [...document.querySelectorAll("input, textarea, select, [contenteditable=true], [role=textbox]")].filter(isVisible);

if (query.choices) {
  if (query.role) return withRole(query.role).map((e) => `'${nameOf(e)}'`).join(", ") || `no ${query.role}`;
  if (query.label) return fields().map((e) => `'${nameOf(e)}'`).join(", ") || "no field";
  return tidy(document.body.innerText).slice(0, 600);
}
if (query.role) {
  return withRole(query.role).filter((element) => {
    if (query.name !== undefined) return nameOf(element) === query.name;
    if (query.part !== undefined) return nameOf(element).includes(query.part);
    return true;
  });
}
if (query.label !== undefined) return fields().filter((element) => nameOf(element) === query.label);
if (query.text !== undefined) {
  const holds = (element) => tidy(element.textContent).includes(query.text);
  return [...document.body.querySelectorAll("*")].filter(
    (element) => holds(element) && isVisible(element) && ![...element.children].some(holds),
  );
}
return [...document.querySelectorAll(query.css)].filter(isVisible);
