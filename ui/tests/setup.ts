import "@testing-library/jest-dom/vitest";
import { configure } from "@testing-library/svelte";
import { beforeEach } from "vitest";
import { useClock } from "../src/backend/clock";
import { TEST_NOW, TEST_ZONE } from "../src/backend/fake/moment";
import { pretend } from "./pretend";
import "./styles";

// Whatever the machine's clock and zone say, or are pretended to say, tests take place at one moment.
pretend(process.env.HOLDFAST_PRETEND);
beforeEach(() => useClock({ now: () => TEST_NOW, zone: TEST_ZONE }));

// A failing query says what it looked for, not the whole document.
// Machines are shared: what should appear gets time to appear.
configure({ asyncUtilTimeout: 6000, getElementError: (message) => new Error(message ?? "Not found") });

// jsdom has no layout. What the interface measures gets plausible sizes, so that virtual lists
// render rows and popovers can be positioned.
const size = { width: 720, height: 600 };
Object.defineProperty(HTMLElement.prototype, "offsetHeight", { configurable: true, get: () => size.height });
Object.defineProperty(HTMLElement.prototype, "offsetWidth", { configurable: true, get: () => size.width });
Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, get: () => size.height });
Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, get: () => size.width });

class Observer implements ResizeObserver {
  constructor(private readonly callback: ResizeObserverCallback) {}
  observe(target: Element): void {
    // Rows of virtual lists are as high as real ones; everything else fills the window.
    const height = target.querySelector('[role="row"], [role="option"], [role="listitem"]') && !target.querySelector('[role="grid"], [role="listbox"]') && !target.matches('[role="grid"], [role="listbox"], [role="grid"] > div:only-child') ? 36 : size.height;
    const box = [{ inlineSize: size.width, blockSize: height }];
    const entry = { target, contentRect: new DOMRect(0, 0, size.width, height), borderBoxSize: box, contentBoxSize: box, devicePixelContentBoxSize: box };
    queueMicrotask(() => this.callback([entry as unknown as ResizeObserverEntry], this));
  }
  unobserve(): void {}
  disconnect(): void {}
}
globalThis.ResizeObserver = Observer;
class Seen implements IntersectionObserver {
  readonly root = null;
  readonly rootMargin = "";
  readonly thresholds = [];
  readonly scrollMargin = "";
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): IntersectionObserverEntry[] {
    return [];
  }
}
globalThis.IntersectionObserver = Seen;
globalThis.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener: () => {},
  removeEventListener: () => {},
  addListener: () => {},
  removeListener: () => {},
  dispatchEvent: () => false,
})) as typeof matchMedia;
Element.prototype.scrollIntoView ??= () => {};
Element.prototype.scrollTo ??= (() => {}) as typeof Element.prototype.scrollTo;
Element.prototype.animate ??= (() => ({ finished: Promise.resolve(), cancel: () => {}, onfinish: null })) as unknown as typeof Element.prototype.animate;
Element.prototype.hasPointerCapture ??= () => false;
Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
Range.prototype.getBoundingClientRect ??= () => new DOMRect();
Object.defineProperty(HTMLElement.prototype, "offsetParent", {
  configurable: true,
  get(this: HTMLElement) {
    return this.parentElement;
  },
});
HTMLCanvasElement.prototype.getContext = () => null;
