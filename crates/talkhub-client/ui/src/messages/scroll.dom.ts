// The one owner of the scroll position of a message list. Nothing else may set it.
// At the bottom the view follows; anywhere else the line under the eye stays where it is, whatever grows above or below.

/** So near to the end counts as being there. */
const NEAR = 48;

interface Anchor {
  readonly key: string;
  readonly top: number;
}

export interface ScrollOwner {
  /** Before the list changes: remembers what the person looks at. */
  note(): void;
  /** After it changed: puts that back. */
  restore(): void;
  toBottom(smooth: boolean): void;
  atBottom(): boolean;
  /** The key of the lowest line that is wholly on screen. */
  lowestSeen(): string | null;
  end(): void;
}

const places = new Map<string, Anchor | null>();

/** `name` is the conversation: its place is kept for the next time it is shown. */
export function ownScroll(view: HTMLElement, content: HTMLElement, name: string, moved: () => void): ScrollOwner {
  let bottom = (places.get(name) ?? null) === null;
  let anchor: Anchor | null = places.get(name) ?? null;

  let height = view.clientHeight;

  const lines = (): HTMLElement[] => Array.from(content.querySelectorAll<HTMLElement>("[data-key]"));
  const note = (): void => {
    // Something above has come or gone, such as the bar, and this list has not answered it yet: it stands where it stood.
    if (bottom && view.clientHeight !== height) return;
    bottom = view.scrollHeight - view.clientHeight - view.scrollTop <= NEAR;
    anchor = null;
    if (bottom) return;
    const edge = view.getBoundingClientRect().top;
    const line = firstBelow(lines(), edge);
    const key = line?.dataset["key"];
    if (line && key !== undefined) anchor = { key, top: line.getBoundingClientRect().top - edge };
  };
  const restore = (): void => {
    height = view.clientHeight;
    if (bottom || !anchor) {
      view.scrollTop = view.scrollHeight;
      return;
    }
    const line = content.querySelector<HTMLElement>(`[data-key="${CSS.escape(anchor.key)}"]`);
    if (!line) return;
    const drift = line.getBoundingClientRect().top - view.getBoundingClientRect().top - anchor.top;
    if (1 <= Math.abs(drift)) view.scrollTop += drift;
  };
  const scrolled = (): void => {
    note();
    moved();
  };
  view.addEventListener("scroll", scrolled, { passive: true });
  const sizes = new ResizeObserver(() => {
    restore();
    moved();
  });
  sizes.observe(view);
  sizes.observe(content);

  return {
    note,
    restore,
    atBottom: () => bottom,
    toBottom(smooth) {
      bottom = true;
      anchor = null;
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      view.scrollTo({ top: view.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
    },
    lowestSeen() {
      const edge = view.getBoundingClientRect().bottom + 8;
      return lines().findLast((line) => line.getBoundingClientRect().bottom <= edge)?.dataset["key"] ?? null;
    },
    end() {
      places.set(name, bottom ? null : anchor);
      view.removeEventListener("scroll", scrolled);
      sizes.disconnect();
    },
  };
}

/** Lines stand in order, so the first one that reaches below the edge is found by halves. */
function firstBelow(lines: readonly HTMLElement[], edge: number): HTMLElement | undefined {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.getBoundingClientRect().bottom ?? 0) <= edge) low = middle + 1;
    else high = middle;
  }
  return lines[low];
}
