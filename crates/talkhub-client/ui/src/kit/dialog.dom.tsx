// A dialog over the page, by the platform's own element: it holds the focus, and Escape or a press beside it closes it.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { X } from "lucide";
import { Icon } from "./icon.dom";
import { Offer } from "./offer.dom";
import { say } from "./words.std";

export function Dialog({ label, onClose, children }: { label: string; onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    // Before the effects of what is inside, so that its field gets the focus.
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected && document.activeElement === document.body) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class="dialog"
      aria-label={label}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div class="dialog__body">
        {children}
        <button type="button" class="button button--icon dialog__close" aria-label={say("close")} onClick={onClose}>
          <Icon of={X} />
        </button>
      </div>
      {/* What lies under a dialog cannot be pressed. */}
      <Offer />
    </dialog>
  );
}
