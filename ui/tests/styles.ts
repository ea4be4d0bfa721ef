// jsdom computes an element's style anew each time it is asked, although nothing changed: queries by role
// ask for every element and its ancestors, twice. jsdom drops what it keeps of styles whenever anything
// in the document changes; for as long as it keeps that, the same answer is given again.

type Kept = { _styleCache: object | null };

const compute = window.getComputedStyle.bind(window);
const internal = Object.getOwnPropertySymbols(document).find((symbol) => symbol.description === "impl");
const answers = new WeakMap<object, WeakMap<Element, CSSStyleDeclaration>>();

function kept(): object | null {
  return internal ? (document as unknown as Record<symbol, Kept>)[internal]?._styleCache ?? null : null;
}

window.getComputedStyle = (element: Element, pseudo?: string | null) => {
  if (pseudo || !element.isConnected || element.ownerDocument !== document) return compute(element, pseudo);
  const now = kept();
  const known = now && answers.get(now)?.get(element);
  if (known) return known;
  const answer = compute(element);
  const after = kept();
  if (after) {
    const all = answers.get(after) ?? new WeakMap<Element, CSSStyleDeclaration>();
    answers.set(after, all.set(element, answer));
  }
  return answer;
};
