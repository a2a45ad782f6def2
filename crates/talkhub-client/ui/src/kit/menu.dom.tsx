// One menu for what can be done with a thing: the dots beside it, a right click and a long press open the same one.
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Ellipsis, type IconNode } from "lucide";
import { Icon } from "./icon.dom";

export interface MenuItem {
  readonly words: string;
  readonly icon: IconNode;
  readonly act: () => void;
  /** Something is lost by it. */
  readonly danger?: boolean;
}

interface Opened {
  readonly label: string;
  readonly items: readonly MenuItem[];
  /** Where it opens: a point, or beside a button. */
  readonly at: { x: number; y: number } | DOMRect;
  /** What gets the focus back. */
  readonly from: HTMLElement | null;
}

const opened = signal<Opened | null>(null);
const GAP = 4;
const EDGE = 8;
const LONG = 500;

/** The dots. */
export function MenuButton({ label, items }: { label: string; items: () => MenuItem[] }) {
  return (
    <button
      type="button"
      class="button button--icon"
      aria-haspopup="menu"
      aria-label={label}
      title={label}
      onClick={(event) => (opened.value = { label, items: items(), at: event.currentTarget.getBoundingClientRect(), from: event.currentTarget })}
    >
      <Icon of={Ellipsis} />
    </button>
  );
}

/** For the thing itself: `<li {...menuOn(…)}>`. Not every touch screen makes a context menu of a long press, so the time is taken here. */
export function menuOn(label: string, items: () => MenuItem[]) {
  const openAt = (x: number, y: number): void => void (opened.value = { label, items: items(), at: { x, y }, from: document.activeElement instanceof HTMLElement ? document.activeElement : null });
  return {
    onContextMenu: (event: MouseEvent): void => {
      event.preventDefault();
      clearTimeout(press);
      openAt(event.clientX, event.clientY);
    },
    onTouchStart: (event: TouchEvent): void => {
      clearTimeout(press);
      held = false;
      const touch = event.touches[0];
      if (!touch || event.touches.length !== 1) return;
      press = setTimeout(() => {
        held = true;
        openAt(touch.clientX, touch.clientY);
      }, LONG);
    },
    onTouchMove: (): void => clearTimeout(press),
    onTouchEnd: (event: TouchEvent): void => {
      clearTimeout(press);
      // Lifting the finger is no press on what lies under the menu.
      if (held) event.preventDefault();
    },
    onTouchCancel: (): void => clearTimeout(press),
  };
}

let press: ReturnType<typeof setTimeout> | undefined;
let held = false;

/** Drawn once, at the end of the page. */
export function OpenMenu() {
  const menu = opened.value;
  return menu && <Menu key={menu.items.map((item) => item.words).join()} menu={menu} />;
}

function Menu({ menu }: { menu: Opened }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.showPopover();
    const { inlineSize, blockSize } = { inlineSize: element.offsetWidth, blockSize: element.offsetHeight };
    const anchor = menu.at instanceof DOMRect ? menu.at : new DOMRect(menu.at.x, menu.at.y, 0, 0);
    // Beside its button, towards the middle of the page; above it where there is no room below.
    const start = document.dir === "rtl" ? anchor.left : anchor.right - (menu.at instanceof DOMRect ? inlineSize : 0);
    const below = anchor.bottom + GAP + blockSize <= window.innerHeight - EDGE;
    const top = below ? anchor.bottom + GAP : anchor.top - GAP - blockSize;
    element.style.left = `${Math.max(EDGE, Math.min(start, window.innerWidth - inlineSize - EDGE))}px`;
    element.style.top = `${Math.max(EDGE, top)}px`;
    element.querySelector("button")?.focus();
  }, []);
  const close = (): void => void (opened.value = null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const all = [...(box.current?.querySelectorAll("button") ?? [])];
    const here = all.findIndex((one) => one === document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Tab") box.current?.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  };
  return (
    <div
      ref={box}
      class="menu"
      popover="auto"
      role="menu"
      aria-label={menu.label}
      onKeyDown={onKeyDown}
      onContextMenu={(event) => event.preventDefault()}
      onToggle={(event) => {
        if (event.newState !== "closed") return;
        if (document.activeElement === document.body || box.current?.contains(document.activeElement) === true) menu.from?.focus();
        close();
      }}
    >
      {menu.items.map((item) => (
        <button
          key={item.words}
          type="button"
          role="menuitem"
          class={`menu__item ${item.danger === true ? "menu__item--danger" : ""}`}
          onClick={() => {
            box.current?.hidePopover();
            item.act();
          }}
        >
          <Icon of={item.icon} size={18} />
          <span>{item.words}</span>
        </button>
      ))}
    </div>
  );
}
